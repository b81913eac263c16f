/** One moment of an LMDB environment: its rows by ranges, each page checked before it is read. */
import { EngineError } from '../errors.ts'
import { damaged } from './failure.ts'
import type { Inspection } from './inspection.ts'
import type { Moment } from './moment.ts'
import type { Database } from './open-database.ts'

/** Where rows are read, and what checks them. */
export interface Ground {
  readonly database: Database
  readonly place: string
  readonly inspection: Inspection
}

type Rows = Iterator<{ readonly key: Uint8Array; readonly value: Uint8Array }>

export class Snapshot implements Moment {
  readonly #ground: Ground
  readonly #transaction: ReturnType<Database['useReadTransaction']>
  /** LMDB's cursors that somebody is in the middle of: they must be gone before the transaction. */
  readonly #open = new Set<Rows>()
  #isDone = false

  constructor(ground: Ground) {
    this.#ground = ground
    this.#transaction = ground.database.useReadTransaction()
  }

  /** Keys and sealed values from `first` to before `end`. @throws DamagedError when they do not ascend: pages have changed places */
  *rows(first: Buffer, end: Buffer): IterableIterator<[Uint8Array, Uint8Array]> {
    const { place, inspection } = this.#ground
    let last: Uint8Array | null = null
    let start = first
    while (Buffer.compare(start, end) < 0) {
      const until = inspection.reading(start, end)
      for (const [key, value] of this.#stored(start, until)) {
        const ascends =
          Buffer.compare(key, start) >= 0 && (last === null || Buffer.compare(last, key) < 0)
        if (!ascends) throw damaged(place, 'its keys are out of order')
        yield [key, value]
        last = key
      }
      start = until
    }
  }

  /** Lets go of the moment. Whoever is in the middle of its rows gets no more. */
  done(): void {
    if (this.#isDone) return
    this.#isDone = true
    for (const rows of this.#open) this.#leave(rows)
    this.#transaction.done()
  }

  *#stored(start: Buffer, end: Buffer): IterableIterator<[Uint8Array, Uint8Array]> {
    if (this.#isDone) throw this.#over()
    const range = { start, end, transaction: this.#transaction }
    const rows: Rows = this.#ground.database.getRange(range)[Symbol.iterator]()
    this.#open.add(rows)
    try {
      for (let row = rows.next(); row.done !== true; row = rows.next()) {
        yield [row.value.key, row.value.value]
        if (!this.#open.has(rows)) throw this.#over()
      }
    } finally {
      this.#leave(rows)
    }
  }

  #leave(rows: Rows): void {
    if (this.#open.delete(rows)) rows.return?.()
  }

  #over(): EngineError {
    return new EngineError(`a moment of the store ${this.#ground.place} has been let go of`)
  }
}
