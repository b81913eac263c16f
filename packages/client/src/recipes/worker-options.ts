/** What a program says of its workers. */
import type { SessionOptions } from '../session.ts'
import type { TaskLease, WorkerTask } from './worker-task.ts'

export interface WorkersOptions {
  /** The coordination node. */
  readonly path: string
  /** Task number `n`, from 0, is the semaphore `prefix + n`. */
  readonly prefix: string
  /** How many tasks there are, for all workers together; up to 100,000. */
  readonly tasks: number
  /** How many tasks this worker runs at a time. */
  readonly capacity: number
  /**
   * Runs one task until it is done or `lease.signal` aborts: when the task is lost, and when the worker stops. The task is
   * given back, for any worker to take, only when the returned promise has settled. What it throws before the signal has
   * aborted stops this worker and comes out of it, unless `failed` is there to take it.
   */
  readonly run: (task: WorkerTask, lease: TaskLease) => Promise<void> | void
  /** Take another task when one ends. By default true; without it at most `capacity` tasks are started in one session. */
  readonly refill?: boolean
  /** Keep a state with each task, in a semaphore that stays. By default false: the semaphores go when nobody wants them. */
  readonly persistent?: boolean
  /** Takes what a task threw; the worker goes on, and comes back to that task after a growing pause. */
  readonly failed?: (error: unknown, task: WorkerTask) => void
  readonly session?: SessionOptions
}
