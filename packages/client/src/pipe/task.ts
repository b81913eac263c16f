/** A task that is driven here: work in several steps that comes back to a handler unless it is deleted. */
import type { Bytes } from '../bytes.ts'
import { delayOf, taskRecordOf } from './arguments.ts'
import type { Drive } from './drive.ts'
import type { TaskId } from './task-id.ts'

export class Task implements AsyncDisposable {
  readonly #drive: Drive

  /** Tasks come from `pipe.open`, `pipe.take` and to handlers. */
  constructor(drive: Drive) {
    this.#drive = drive
  }

  get id(): TaskId {
    return this.#drive.id
  }

  get theme(): number {
    return this.#drive.theme
  }

  /** 0 for who has opened it, greater with each hand-out. With the id it names this hand-out to other systems, once and for ever. */
  get attempt(): number {
    return this.#drive.attempt
  }

  /**
   * Aborts when the task is not driven here any more: deleted or stored (TaskClosedError), or lost with the connection (TaskLostError),
   * which is before the server can hand it to somebody else.
   */
  get signal(): AbortSignal {
    return this.#drive.signal
  }

  /**
   * Adds a record; it is durable when this resolves. Operations of one task are done in the order of the calls, awaited or not. `signal`
   * gives up the wait, not the record.
   *
   * @throws TaskTooLargeError, the task is unchanged; TaskClosedError; StaleAttemptError; TaskLostError, which says whether it may have
   *   been done; OverloadedError
   */
  async append(record: Bytes, signal?: AbortSignal): Promise<void> {
    await this.#drive.write('append-task', taskRecordOf(record), signal)
  }

  /** Drops what was collected and keeps this record, as one step. Throws as `append`. */
  async replace(record: Bytes, signal?: AbortSignal): Promise<void> {
    await this.#drive.write('replace-task', taskRecordOf(record), signal)
  }

  /** The work is finished: the task goes. Tried again while the server cannot commit. Throws as `append`. */
  async delete(signal?: AbortSignal): Promise<void> {
    await this.#drive.end({ kind: 'delete-task' }, signal)
  }

  /**
   * Nothing more is written: the task comes back to a handler after the delay. Tried again while the server cannot commit; when the
   * connection is lost meanwhile, the server stores it by itself.
   *
   * @param delaySeconds whole seconds, up to 2^31; 0 or absent: the theme's delay. The theme's jitter is added
   * @throws TaskClosedError; StaleAttemptError; TaskLostError
   */
  async store(delaySeconds?: number, signal?: AbortSignal): Promise<void> {
    const seconds = delayOf(delaySeconds, 'the delay of a task')
    const ending = { kind: 'store-task', delaySeconds: seconds, failure: '' } as const
    await this.#drive.end(ending, signal)
  }

  /** Stores the task with its theme's delay unless it was deleted or stored. Never rejects. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#drive.giveBack()
  }
}
