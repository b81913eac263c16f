/** What the client and the handler of the shop share: the theme of its orders, and the way through the steps of one. */
import type { Client, Pipe, Task } from 'tenure'
import { type Services, type Step, STEPS } from './services.ts'

/** The theme: which kind of work an order is. */
export const ORDER = 7

/** Every moment at which a process may die. */
export type Point = 'begun' | `asked-${Step}` | `noted-${Step}`

/** Told of each point that is passed. */
export type Passed = (point: Point, order: string) => void

/** The log, with the theme, unless somebody has configured that: people with the command, or the server's configuration file. */
export async function openPipe(client: Client): Promise<Pipe> {
  await client.createNode('/local/shop')
  const pipe = client.pipe('/local/shop')
  const themes = await pipe.themes()
  if (themes.every(({ theme }) => theme !== ORDER)) {
    await pipe.configure(ORDER, { name: 'orders', delaySeconds: 1, maxRepeats: 20 })
  }
  return pipe
}

/** An order on its way: the records of its task say what it is, and which steps are done. */
export interface Order {
  readonly name: string
  readonly task: Task
  readonly done: ReadonlySet<string>
}

/** Asks for each step that is not done yet, and writes down that it is, before the next one is asked for. */
export async function finish(
  { name, task, done }: Order,
  services: Services,
  passed: Passed = () => {},
): Promise<void> {
  passed('begun', name)
  for (const step of STEPS) {
    if (done.has(step)) continue
    // Lost: somebody else may have it by now.
    task.signal.throwIfAborted()
    await services.ask(step, name)
    passed(`asked-${step}`, name)
    await task.append(step)
    passed(`noted-${step}`, name)
  }
}
