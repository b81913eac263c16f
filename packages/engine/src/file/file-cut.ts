/** All partitions of a file store at one moment, each held against the count and the digest that its commits wrote. */
import type { Entry } from '@tenure/kernel'
import type { Cut, CutPartition } from '../engine.ts'
import { EngineError } from '../errors.ts'
import { damaged, failureOf } from './failure.ts'
import * as layout from './layout.ts'
import type { Meta } from './layout.ts'
import type { Moment } from './moment.ts'

const FIRST_ENTRY = new Uint8Array()

export class FileCut implements Cut {
  readonly #moment: Moment
  readonly #place: string
  readonly #closed: () => Promise<void> | void
  #closing: Promise<void> | null = null

  /** @param closed called once, when the moment has been let go of */
  constructor(moment: Moment, place: string, closed: () => Promise<void> | void) {
    this.#moment = moment
    this.#place = place
    this.#closed = closed
  }

  async *partitions(): AsyncIterable<CutPartition> {
    for await (const [key, sealed] of this.#rows(layout.CATALOGUE_START, layout.CATALOGUE_END)) {
      const content = layout.unseal(key, sealed)
      if (content === null) throw damaged(this.#place, 'a name fails its checksum')
      const [name, number] = [layout.catalogueName(key), layout.decodeNumber(content)]
      const meta = await this.#meta(name, number)
      yield { name, epoch: meta.epoch, entries: () => this.#entries(name, number, meta) }
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async *#entries(name: string, number: number, meta: Meta): AsyncIterable<Entry> {
    const found = layout.noRows()
    const start = layout.rowKey(number, FIRST_ENTRY)
    for await (const [key, sealed] of this.#rows(start, layout.rowsEnd(number))) {
      const content = layout.unseal(key, sealed)
      if (content === null) {
        throw damaged(this.#place, `a row of partition "${name}" fails its checksum`)
      }
      layout.addTotal(found, { rows: 1, digest: layout.sealOf(sealed) })
      yield [layout.entryKey(key), content.slice()]
    }
    if (layout.isSameTotal(found, meta)) return
    const what = `${found.rows} rows where ${meta.rows} were written, or others`
    throw damaged(this.#place, `partition "${name}" has ${what}`)
  }

  async #meta(name: string, number: number): Promise<Meta> {
    const key = layout.metaKey(number)
    for await (const [, sealed] of this.#rows(key, layout.nextKey(key))) {
      const content = layout.unseal(key, sealed)
      if (content !== null) return layout.decodeMeta(content)
    }
    throw damaged(this.#place, `partition "${name}" has lost its meta row`)
  }

  async *#rows(first: Buffer, end: Buffer): AsyncIterable<[Uint8Array, Uint8Array]> {
    this.#assertOpen()
    try {
      for await (const row of this.#moment.rows(first, end)) {
        yield row
        this.#assertOpen()
      }
    } catch (error) {
      throw await failureOf(this.#place, error)
    }
  }

  async #end(): Promise<void> {
    this.#moment.done()
    await this.#closed()
  }

  #assertOpen(): void {
    if (this.#closing !== null) throw new EngineError(`the cut of ${this.#place} is closed`)
  }
}
