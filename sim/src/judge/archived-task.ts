/** One task as it is stored. */
import type { Process } from '../machine/process.ts'
import type { ActiveRow, KeptRow, PlaceRow } from './task-rows.ts'

/** One attempt, from its opening or hand-out on. */
export interface Attempt {
  readonly number: number
  readonly repeats: number
  /** As they were when it began. */
  readonly records: readonly string[]
  readonly process: Process
  /** How often the node had been claimed by then. */
  readonly claims: number
  readonly tick: number
  /** Why it was not its turn to be handed out; null when it was. */
  readonly untimely: string | null
  /** How it ended. */
  end: 'stored' | 'dead' | 'deleted' | null
  endedMs: number
  endedBy: Process | null
}

export type TaskState = 'active' | 'stored' | 'dead' | 'gone'

export class ArchivedTask {
  readonly index: bigint
  readonly term: bigint
  readonly theme: number
  active: ActiveRow | null = null
  /** By key; one, but for the moments within a step. */
  readonly rows: Map<string, KeptRow> = new Map()
  /** When it was stored last, and how often the node had been claimed by then. */
  kept: { readonly atMs: number; readonly claims: number } = { atMs: 0, claims: 0 }
  place: PlaceRow | null = null
  readonly records: Map<number, string> = new Map()
  readonly attempts: Attempt[] = []

  constructor(index: bigint, { term, theme }: ActiveRow) {
    this.index = index
    this.term = term
    this.theme = theme
  }

  /** The latest. */
  get attempt(): Attempt | undefined {
    return this.attempts.at(-1)
  }

  get keptRow(): KeptRow | undefined {
    return [...this.rows.values()].at(-1)
  }

  get state(): TaskState {
    if (this.active !== null) return 'active'
    return this.keptRow?.state ?? 'gone'
  }

  /** In their order. */
  get texts(): readonly string[] {
    return [...this.records].toSorted(([one], [other]) => one - other).map(([, text]) => text)
  }

  get recordBytes(): number {
    return this.texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  }

  toString(): string {
    return `task ${this.term}.${this.index}`
  }

  /** What contradicts itself in its rows; null when nothing does. */
  get contradiction(): string | null {
    if (this.active !== null && this.rows.size > 0) return 'is with somebody, and stored as well'
    if (this.rows.size > 1) return `is stored ${this.rows.size} times`
    return this.#problemOfPlace ?? this.#problemOfRecords
  }

  get #problemOfPlace(): string | null {
    const { place, keptRow } = this
    if (place === null && keptRow === undefined) return null
    if (place === null) return 'is stored, and nothing says where'
    if (keptRow === undefined) return 'is not stored, and its place is kept'
    const isThere =
      place.state === keptRow.state &&
      place.theme === keptRow.theme &&
      place.dueSecond === keptRow.dueSecond &&
      place.number === keptRow.number
    return isThere ? null : 'is stored in another place than is said'
  }

  get #problemOfRecords(): string | null {
    const numbers = [...this.records.keys()].toSorted((one, other) => one - other)
    const row = this.active ?? this.keptRow
    if (row === undefined) return numbers.length > 0 ? 'is gone, and its records are there' : null
    const isRow = numbers.every((number, at) => number === row.firstRecord + at)
    if (!isRow) return `has records ${numbers.join(', ')}, and the first is ${row.firstRecord}`
    const { keptRow, recordBytes: bytes } = this
    if (keptRow === undefined) return null
    const count = keptRow.nextRecord - keptRow.firstRecord
    if (count === numbers.length && bytes === keptRow.recordBytes) return null
    return `has ${numbers.length} records of ${bytes} bytes, and its row says ${count} of ${keptRow.recordBytes}`
  }
}
