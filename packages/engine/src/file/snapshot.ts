/** One moment of an LMDB environment: its rows by ranges, each page checked before it is read. */
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

export class Snapshot implements Moment {
  readonly #ground: Ground
  readonly #transaction: ReturnType<Database['useReadTransaction']>
  #isDone = false

  constructor(ground: Ground) {
    this.#ground = ground
    this.#transaction = ground.database.useReadTransaction()
  }

  /** Keys and sealed values from `first` to before `end`. @throws DamagedError when they do not ascend: pages have changed places */
  *rows(first: Buffer, end: Buffer): IterableIterator<[Uint8Array, Uint8Array]> {
    const { database, place, inspection } = this.#ground
    let last: Uint8Array | null = null
    let start = first
    while (Buffer.compare(start, end) < 0) {
      const until = inspection.reading(start, end)
      const range = { start, end: until, transaction: this.#transaction }
      for (const { key, value } of database.getRange(range)) {
        const ascends =
          Buffer.compare(key, start) >= 0 && (last === null || Buffer.compare(last, key) < 0)
        if (!ascends) throw damaged(place, 'its keys are out of order')
        yield [key, value]
        last = key
      }
      start = until
    }
  }

  /** Lets go of the moment. */
  done(): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#transaction.done()
  }
}
