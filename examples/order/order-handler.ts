/** The handler's part: finishes orders that were begun, from where their records end. */
import type { TaskHandler } from 'tenure'
import type { Services } from './services.ts'
import { finish, type Passed } from './shop.ts'

export function orderHandler(services: Services, passed?: Passed): TaskHandler {
  return async ({ records, task, attempt }) => {
    const [name = '', ...done] = records.map((record) => new TextDecoder().decode(record))
    console.log(`${name}: attempt ${attempt}, ${done.join(' and ') || 'nothing'} done before`)
    await finish({ name, task, done: new Set(done) }, services, passed)
  }
}
