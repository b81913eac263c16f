/** The handler's part: finishes orders that were begun, from where their records end. */
import type { Pipe, ThemeWorker } from 'tenure'
import type { Services } from './services.ts'
import { finish, ORDER, type Passed } from './shop.ts'

export function handleOrders(
  pipe: Pipe,
  services: Services,
  passed?: Passed,
): Promise<ThemeWorker> {
  return pipe.handle(ORDER, async ({ records, task, attempt }) => {
    const [name = '', ...done] = records.map((record) => new TextDecoder().decode(record))
    console.log(`${name}: attempt ${attempt}, ${done.join(' and ') || 'nothing'} done before`)
    await finish({ name, task, done: new Set(done) }, services, passed)
  })
}
