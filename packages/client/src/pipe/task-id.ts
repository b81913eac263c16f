/** What names a task: the term in which it was opened, and the number of the commit that opened it. */
import { kindOf } from '../arguments.ts'
import { outOfRange, wrongType } from '../wrong-argument.ts'

/** A task's id however it is at hand. */
export type TaskReference = TaskId | string | { readonly term: bigint; readonly index: bigint }

const PART_MAX = 2n ** 64n - 1n
const PART_BITS = 64n
const PART_BYTES = 8
const TEXT = /^(\d{1,20})\.(\d{1,20})$/

/** Never used again for another task of the node. Of two tasks the one that was opened later has the greater id. */
export class TaskId {
  /** Of the partition; grows whenever another server, or the same one again, takes the node over. */
  readonly term: bigint
  readonly index: bigint

  /** @throws RangeError unless both are 0 to 2^64-1 */
  constructor(term: bigint, index: bigint) {
    this.term = partOf(term, 'the term of a task')
    this.index = partOf(index, 'the index of a task')
  }

  /** The id that `toString` has given. @throws RangeError when the text has another form */
  static parse(text: string): TaskId {
    const [, term, index] = TEXT.exec(text) ?? []
    if (term === undefined || index === undefined) {
      throw outOfRange(
        `the id of a task is written TERM.INDEX, such as 3.17, got ${JSON.stringify(text)}`,
      )
    }
    return new TaskId(BigInt(term), BigInt(index))
  }

  /** @throws TypeError, RangeError */
  static of(task: TaskReference): TaskId {
    if (task instanceof TaskId) return task
    if (typeof task === 'string') return TaskId.parse(task)
    if (typeof task !== 'object' || task === null) {
      throw wrongType(`the id of a task must be a TaskId or its text, got ${kindOf(task)}`)
    }
    return new TaskId(task.term, task.index)
  }

  /** For sorting: below 0 when this task was opened before the other one, 0 when they are the same. */
  compare(other: TaskId): number {
    const mine = this.valueOf()
    const others = other.valueOf()
    if (mine === others) return 0
    return mine < others ? -1 : 1
  }

  /** `TERM.INDEX` */
  toString(): string {
    return `${this.term}.${this.index}`
  }

  toJSON(): string {
    return this.toString()
  }

  /** Both parts as one number, so that `<` and `>` say which was opened later. */
  valueOf(): bigint {
    return (this.term << PART_BITS) | this.index
  }

  /** 16 bytes, big-endian: they sort as the ids do. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(2 * PART_BYTES)
    const view = new DataView(bytes.buffer)
    view.setBigUint64(0, this.term)
    view.setBigUint64(PART_BYTES, this.index)
    return bytes
  }
}

function partOf(value: bigint, what: string): bigint {
  if (typeof value !== 'bigint') throw wrongType(`${what} must be a bigint, got ${kindOf(value)}`)
  if (value >= 0n && value <= PART_MAX) return value
  throw outOfRange(`${what} must be 0 to 2^64-1, got ${value}`)
}
