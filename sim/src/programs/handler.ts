/** Handles the tasks of a theme for a while: finishes them, goes on with them, stores them, fails, or hangs until it is cut off. */
import { type HandOut, TaskClosedError, TaskLostError, TenureError } from '@tenure/client'
import { Driving } from './driving.ts'
import { work } from './originator.ts'
import type { Desk, Program } from './program.ts'

const STAY_MS = 3_000
const WORK_MS = 300
/** A handler that hangs gives up by itself at last. */
const HANG_MS = 4_000
const PATIENCE_MS = 20_000
const CONCURRENCY_MAX = 3
const DELAY_SECONDS_MAX = 2

/** What a handler throws whose work goes wrong. */
class WorkFailed extends Error {}

/** @param which of those at one client */
export function handler(which: string): Program {
  return {
    name: `handles tasks as the ${which}`,
    needsOwnProtocol: true,
    async round(desk) {
      const { world, random } = desk
      const { theme } = random.pick(world.settings.themes)
      const concurrency = random.whole(1, CONCURRENCY_MAX)
      const atWork = new Set<AbortSignal>()
      const handle = async (handOut: HandOut, signal: AbortSignal): Promise<void> => {
        atWork.add(signal)
        // The end of the one before may be told in the same turn.
        desk.process.after(1, () => judgePlaces(desk, atWork, concurrency))
        await new Handling(desk, handOut, signal).run().finally(() => atWork.delete(signal))
      }
      const worker = await desk
        .pipe()
        .handle(theme, handle, { concurrency }, desk.timeout(PATIENCE_MS))
      await desk.sleep(random.exponential(STAY_MS))
      await worker.close()
      if (atWork.size === 0) return
      world.judge.violate('J3', `${desk.name} has closed, and ${atWork.size} handlers are at work`)
    },
  }
}

/** J4: a task that is lost keeps its place until its handler is done with it; one that was deleted or stored has left it. */
function judgePlaces(desk: Desk, atWork: ReadonlySet<AbortSignal>, concurrency: number): void {
  const taken = [...atWork].filter(({ reason }) => !(reason instanceof TaskClosedError)).length
  if (taken <= concurrency) return
  desk.world.judge.violate('J4', `${desk.name} has ${taken} tasks, and asked for ${concurrency}`)
}

/** One task at one handler. */
class Handling {
  readonly #desk: Desk
  readonly #driving: Driving
  readonly #signal: AbortSignal

  constructor(desk: Desk, handOut: HandOut, signal: AbortSignal) {
    this.#desk = desk
    this.#driving = Driving.handed(desk, handOut)
    this.#signal = signal
  }

  /** What is thrown makes the client library store the task. */
  async run(): Promise<void> {
    const { world } = this.#desk
    try {
      await this.#work()
    } catch (error) {
      if (error instanceof WorkFailed) world.marks.reached('a handler fails')
      else if (!(error instanceof TenureError) || error.code === 'INTERNAL') {
        world.judge.broke(this.#desk.name, error)
      }
      if (!this.#signal.aborted) world.judge.tasks.failed(this.#driving.name)
      throw error
    }
    this.#driving.ending('delete')
    if (this.#signal.reason instanceof TaskLostError) {
      world.marks.reached('a handler is cut off while a task is out')
    }
  }

  async #work(): Promise<void> {
    const { random, world } = this.#desk
    await this.#desk.sleep(random.exponential(WORK_MS))
    if (world.isHealed) return
    const way = random.pick(['finish', 'finish', 'go on', 'go on', 'store', 'fail', 'hang'])
    if (way === 'go on' || way === 'store') await work(this.#desk, this.#driving)
    if (way === 'store') await this.#driving.store(random.whole(0, DELAY_SECONDS_MAX))
    else if (way === 'fail') throw new WorkFailed('the work has failed')
    else if (way === 'hang') await this.#hang()
    else if (random.chance(0.3)) await this.#driving.delete()
  }

  /** Does nothing until it is cut off. */
  #hang(): Promise<void> {
    return new Promise((resolve) => {
      this.#signal.addEventListener('abort', () => resolve(), { once: true })
      this.#desk.process.after(HANG_MS, resolve)
    })
  }
}
