/**
 * Workers: long tasks shared out among processes, each with a capacity, without a controller.
 *
 * Every task has a semaphore of its own, and whoever holds it runs the task. A worker with room stands in the queues of all
 * tasks at once, in shuffled order so that workers that start together do not all reach for the same one. A full worker leaves
 * all queues: a place in a queue is a promise to run the task, which a full worker cannot keep.
 */
import { nameOf } from '../arguments.ts'
import { Backoff } from '../backoff.ts'
import { systemClock, type Clock } from '../clock.ts'
import { TenureError } from '../errors.ts'
import { systemRandom, type Random } from '../random.ts'
import type { Session, SessionOptions } from '../session.ts'
import type { WorkersOptions } from './worker-options.ts'
import { LinkedAbort } from './linked-abort.ts'
import { pause } from '../pause.ts'
import { WorkerRound } from './worker-round.ts'
import { outOfRange, wrongType } from '../wrong-argument.ts'

/** As many tasks as one worker queues for at most, each with a place on the server. */
export const TASKS_MAX = 100_000

/** What workers need from a client, and from the world. */
export interface WorkersSurroundings {
  openSession(path: string, options?: SessionOptions, signal?: AbortSignal): Promise<Session>
  /** Aborts when no session can be opened any more. */
  readonly closed?: AbortSignal
  readonly clock?: Clock
  readonly random?: Random
}

/**
 * Works until `signal` aborts, the client is closed, or until an error that trying again cannot mend. Then all queues are left and all tasks told
 * to stop, and when they have settled the call rejects with the reason. A lost session stops its tasks, and a fresh one follows.
 *
 * @throws RangeError or TypeError at once when an option is wrong
 */
export async function work(
  surroundings: WorkersSurroundings,
  options: WorkersOptions,
  signal?: AbortSignal,
): Promise<void> {
  assertWhole('tasks', options.tasks, TASKS_MAX)
  assertWhole('capacity', options.capacity, Number.MAX_SAFE_INTEGER)
  if (typeof options.run !== 'function') throw wrongType('run must be a function')
  nameOf(`${options.prefix}${options.tasks - 1}`)
  const { clock = systemClock, random = systemRandom } = surroundings
  const backoff = new Backoff(random)
  using stop = new LinkedAbort(signal, surroundings.closed)
  for (;;) {
    stop.signal.throwIfAborted()
    try {
      await using session = await surroundings.openSession(
        options.path,
        options.session,
        stop.signal,
      )
      // A task may do nothing but wait for its signal.
      clock.hold()
      const round = new WorkerRound(session, options, { clock, random })
      await round.run(stop.signal).finally(() => clock.letGo())
      backoff.reset()
    } catch (error) {
      stop.signal.throwIfAborted()
      if (!(error instanceof TenureError && error.retryable)) throw error
      await pause(clock, backoff.nextMs(), stop.signal)
    }
  }
}

function assertWhole(what: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw outOfRange(`${what} must be a whole number from 1 to ${max}, got ${value}`)
  }
}
