/** A writer whose log is a task of Tenure. */
import type { Pipe, Task } from '@tenure/client'
import { recordsOf } from './record-bytes.ts'
import type { Writer } from './subject.ts'

/** Work in several steps: the task is stored after so many records, and the next one opened. The rivals' logs grow for ever. */
const RECORDS_PER_TASK = 16

/** What a log and a job are, for the settings. */
export const TASKS: string = `a log is a task of ${RECORDS_PER_TASK} records, then the next one, whose opening and storing is done beside and not counted; a job is a task that is opened, stored, handed out and deleted`

const THEME = 1
/** Longer than any measurement: nothing may come back. */
const DELAY_SECONDS = 86_400

export class TaskWriter implements Writer {
  readonly #pipe: Pipe
  readonly #record: () => Buffer
  #task: Task
  #records: number

  private constructor(pipe: Pipe, task: Task, record: () => Buffer) {
    this.#pipe = pipe
    this.#task = task
    this.#record = record
    // Else all would end their first tasks together, and all others too.
    this.#records = Math.floor(Math.random() * RECORDS_PER_TASK)
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
