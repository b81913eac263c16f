/** A writer whose log is a task of Tenure. */
import type { Pipe, Task } from '@tenure/client'
import { recordsOf } from './record-bytes.ts'
import type { Writer } from './subject.ts'

/** A task has an end, whereas the rivals' logs grow for ever: it is stored after so many records, and the next one opened. */
const RECORDS_PER_TASK = 1_000
const THEME = 1
/** Longer than any measurement: nothing may come back. */
const DELAY_SECONDS = 86_400

export class TaskWriter implements Writer {
  readonly #pipe: Pipe
  readonly #record: () => Buffer
  #task: Task
  #records = 0

  private constructor(pipe: Pipe, task: Task, record: () => Buffer) {
    this.#pipe = pipe
    this.#task = task
    this.#record = record
  }

  static async make(pipe: Pipe, count: number, recordBytes: number): Promise<TaskWriter[]> {
    await pipe.configure(THEME, { delaySeconds: DELAY_SECONDS })
    const record = recordsOf(recordBytes)
    return Promise.all(
      Array.from({ length: count }, async () => {
        return new TaskWriter(pipe, await pipe.open(THEME), record)
      }),
    )
  }

  async append(): Promise<void> {
    if (this.#records === RECORDS_PER_TASK) {
      await this.#task.store()
      this.#task = await this.#pipe.open(THEME)
      this.#records = 0
    }
    this.#records++
    await this.#task.append(this.#record())
  }
}
