/** One of the tasks that workers share, as the worker that runs it sees it. */
import { EMPTY_BYTES, type Bytes } from '../bytes.ts'
import { UnsupportedError } from '../errors.ts'
import type { Semaphore } from '../semaphore.ts'

/** The right to run a task. The worker gives it back when the run has settled. */
export interface TaskLease {
  /** The name of the task. */
  readonly name: string
  /** Fences what the task writes: the next who runs it has a greater one. */
  readonly token: bigint
  /** Aborts when the task is lost, and when the worker stops. */
  readonly signal: AbortSignal
}

export class WorkerTask {
  readonly name: string
  readonly index: number
  readonly #semaphore: Semaphore
  readonly #persistent: boolean

  constructor(semaphore: Semaphore, index: number, persistent: boolean) {
    this.name = semaphore.name
    this.index = index
    this.#semaphore = semaphore
    this.#persistent = persistent
  }

  /** What was saved last, by whichever worker; empty before the first time and for workers that are not `persistent`. */
  async load(signal?: AbortSignal): Promise<Uint8Array> {
    if (!this.#persistent) return EMPTY_BYTES
    return (await this.#semaphore.describe({}, signal)).data
  }

  /**
   * Keeps `state` for the next worker that runs this task. The server does not ask who saves, so stop saving when the lease's
   * signal has aborted: pass it as `signal`.
   *
   * @throws UnsupportedError for workers that are not `persistent`
   */
  async save(state: Bytes, signal?: AbortSignal): Promise<void> {
    if (!this.#persistent) {
      throw new UnsupportedError(
        `the task "${this.name}" keeps no state; start its workers with { persistent: true }`,
      )
    }
    await this.#semaphore.update(state, signal)
  }
}
