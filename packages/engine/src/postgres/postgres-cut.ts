/** Everything at one moment: all is read in one snapshot, which other connections do not notice. */
import type { Entry } from '@tenure/kernel'
import { KEY_BYTES_MAX } from '../bounds.ts'
import type { Cut, CutPartition } from '../engine.ts'
import type { Deployment } from './deployment.ts'
import { engineErrorOf } from './failure.ts'
import type { Row, Statement } from './link.ts'
import { bigintOf } from './ownership.ts'
import { entriesOf, readPages } from './scan.ts'
import type { Snapshot } from './snapshot.ts'

const NAMES_AT_ONCE = 1_000
const EVERYTHING = { start: new Uint8Array(), end: new Uint8Array(KEY_BYTES_MAX + 1).fill(255) }

export class PostgresCut implements Cut {
  readonly #deployment: Deployment
  readonly #snapshot: Snapshot

  constructor(deployment: Deployment, snapshot: Snapshot) {
    this.#deployment = deployment
    this.#snapshot = snapshot
  }

  async *partitions(): AsyncIterable<CutPartition> {
    const { statements } = this.#deployment
    for (let last: string | null = null; ;) {
      const rows = await this.#read(statements.names('', last, NAMES_AT_ONCE))
      for (const [name, number, epoch] of rows) {
        last = String(name)
        const entries = (): AsyncIterable<Entry> => this.#entries(String(number))
        yield { name: last, epoch: bigintOf(epoch), entries }
      }
      if (rows.length < NAMES_AT_ONCE) return
    }
  }

  close(): Promise<void> {
    return this.#snapshot.end()
  }

  #entries(number: string): AsyncIterable<Entry> {
    const { statements } = this.#deployment
    return readPages(EVERYTHING, async (page) =>
      entriesOf(await this.#read(statements.page(number, page))),
    )
  }

  /** What was lost with the connection cannot be read by another. */
  async #read(statement: Statement): Promise<readonly Row[]> {
    try {
      return await this.#snapshot.run(statement)
    } catch (error) {
      throw engineErrorOf(this.#deployment.title, error)
    }
  }
}
