/** The rows of all partitions in one LMDB environment: reads that check, writes that keep counts and digests true. */
import type { RootDatabase } from 'lmdb'
import type { Entry, WriteSet } from '@tenure/kernel'
import { partitionNameBytes } from '../bounds.ts'
import type { KeyRange, Ownership, OwnerInfo } from '../engine.ts'
import { EngineError, FencedError } from '../errors.ts'
import { damaged } from './failure.ts'
import * as layout from './layout.ts'
import type { Meta } from './layout.ts'

export type Database = RootDatabase<Buffer, Uint8Array>

export class Store {
  readonly #database: Database
  readonly #directory: string

  constructor(database: Database, directory: string) {
    this.#database = database
    this.#directory = directory
  }

  /** The partition's number; null when it was never claimed. */
  numberOf(name: string): number | null {
    const content = this.#read(layout.catalogueKey(partitionNameBytes(name)), `"${name}"`)
    return content === undefined ? null : layout.decodeNumber(content)
  }

  ownership(name: string): Ownership | null {
    const number = this.numberOf(name)
    return number === null ? null : ownershipOf(this.#meta(name, number))
  }

  get(name: string, number: number, key: Uint8Array): Uint8Array | undefined {
    return this.#read(layout.rowKey(number, key), `"${name}"`)?.slice()
  }

  *names(prefix: string): IterableIterator<string> {
    const start = layout.catalogueKey(Buffer.from(prefix, 'utf8'))
    for (const key of this.#database.getKeys({ start, end: layout.CATALOGUE_END })) {
      const name = layout.catalogueName(key)
      if (!name.startsWith(prefix)) return
      yield name
    }
  }

  *scan(name: string, number: number, range: KeyRange): IterableIterator<Entry> {
    const start = layout.rowKey(number, range.start)
    const end = layout.rowKey(number, range.end)
    if (Buffer.compare(start, end) >= 0) return
    for (const [key, value] of this.#rows(start, end)) {
      const content = layout.unseal(key, value)
      if (content === null) throw this.#badRow(`"${name}"`)
      yield [layout.entryKey(key), content.slice()]
    }
  }

  /** Reads the whole partition. @throws DamagedError when a row, the count or the digest is not what was written */
  verify(name: string, number: number): void {
    const meta = this.#meta(name, number)
    const digest = { low: 0, high: 0 }
    let rows = 0
    for (const [key, value] of this.#rows(
      layout.rowKey(number, new Uint8Array()),
      layout.rowsEnd(number),
    )) {
      if (layout.unseal(key, value) === null) throw this.#badRow(`"${name}"`)
      layout.addLanes(digest, layout.sealOf(value))
      rows += 1
    }
    if (rows !== meta.rows) {
      const what = `partition "${name}" has ${rows} rows, ${meta.rows} were written`
      throw damaged(this.#directory, what)
    }
    if (digest.low !== meta.digest.low || digest.high !== meta.digest.high) {
      throw damaged(this.#directory, `partition "${name}" fails its digest`)
    }
  }

  /** Raises the epoch; inside a write transaction. */
  claim(name: string, owner: OwnerInfo): { number: number; epoch: bigint } {
    const known = this.numberOf(name)
    const number = known ?? this.#enter(name)
    const meta = known === null ? emptyMeta() : this.#meta(name, number)
    meta.epoch += 1n
    meta.ownerId = owner.id
    meta.ownerAddress = owner.address
    this.#put(layout.metaKey(number), layout.encodeMeta(meta))
    return { number, epoch: meta.epoch }
  }

  /** @throws FencedError when a claim later than `epoch` exists */
  assertOwned(name: string, number: number, epoch: bigint): Meta {
    const meta = this.#meta(name, number)
    if (meta.epoch !== epoch) throw FencedError.by(name, epoch, ownershipOf(meta))
    return meta
  }

  /** Applies the writes; inside a write transaction. */
  apply(claim: { name: string; number: number; epoch: bigint }, writes: WriteSet): void {
    const meta = this.assertOwned(claim.name, claim.number, claim.epoch)
    for (const write of writes) {
      if (write.kind === 'put') this.#putRow(claim.number, meta, write)
      else if (write.kind === 'delete')
        this.#deleteRow(layout.rowKey(claim.number, write.key), meta)
      else this.#deleteRange(claim.number, meta, write)
    }
    meta.commits += 1n
    this.#put(layout.metaKey(claim.number), layout.encodeMeta(meta))
  }

  /** Writes the header of a new store, checks that of an existing one. Resolves when it is on disk. */
  async open(): Promise<void> {
    const sealed = this.#database.getBinary(layout.HEADER_KEY)
    if (sealed === undefined) {
      if (this.#database.getKeysCount({ limit: 1 }) > 0) {
        throw damaged(this.#directory, 'its header is missing')
      }
      const header = layout.seal(layout.HEADER_KEY, layout.encodeHeader())
      await this.#database.put(layout.HEADER_KEY, header)
      return
    }
    const content = layout.unseal(layout.HEADER_KEY, sealed)
    const version = content === null ? null : layout.decodeHeader(content)
    if (version === null) throw damaged(this.#directory, 'its header cannot be read')
    if (version !== layout.FORMAT_VERSION) {
      throw new EngineError(
        `the store ${this.#directory} has format ${version}, this program reads format ${layout.FORMAT_VERSION}: ` +
          'use the release that wrote it',
      )
    }
    this.#checkPartitions()
  }

  /** A partition whose name or counts cannot be read would be taken for one that was never there. */
  #checkPartitions(): void {
    const numbers = new Set<number>()
    for (const [key, value] of this.#rows(layout.CATALOGUE_START, layout.CATALOGUE_END)) {
      const content = layout.unseal(key, value)
      if (content === null) throw damaged(this.#directory, 'a name fails its checksum')
      numbers.add(layout.decodeNumber(content))
    }
    for (const [key, value] of this.#rows(layout.META_START, layout.META_END)) {
      if (layout.unseal(key, value) === null)
        throw damaged(this.#directory, 'a meta row fails its checksum')
      if (!numbers.delete(layout.decodeNumber(key.subarray(1)))) {
        throw damaged(this.#directory, 'a partition has lost its name')
      }
    }
    if (numbers.size > 0) throw damaged(this.#directory, 'a partition has lost its meta row')
  }

  #enter(name: string): number {
    let number = 0
    const range = { start: layout.META_END, end: layout.META_START, reverse: true, limit: 1 }
    for (const key of this.#database.getKeys(range)) {
      if (key[0] === layout.META_START[0]) number = layout.decodeNumber(key.subarray(1)) + 1
    }
    this.#put(layout.catalogueKey(partitionNameBytes(name)), layout.encodeNumber(number))
    return number
  }

  #meta(name: string, number: number): Meta {
    const content = this.#read(layout.metaKey(number), `"${name}"`)
    if (content === undefined) {
      throw damaged(this.#directory, `partition "${name}" has lost its meta row`)
    }
    return layout.decodeMeta(content)
  }

  #putRow(number: number, meta: Meta, write: { key: Uint8Array; value: Uint8Array }): void {
    const key = layout.rowKey(number, write.key)
    const old = this.#database.getBinaryFast(key)
    if (old === undefined) meta.rows += 1
    else layout.subtractLanes(meta.digest, layout.sealOf(old))
    const sealed = layout.seal(key, write.value)
    layout.addLanes(meta.digest, layout.sealOf(sealed))
    this.#database.putSync(key, sealed)
  }

  #deleteRow(key: Uint8Array, meta: Meta): void {
    const old = this.#database.getBinaryFast(key)
    if (old === undefined) return
    meta.rows -= 1
    layout.subtractLanes(meta.digest, layout.sealOf(old))
    this.#database.removeSync(key)
  }

  #deleteRange(number: number, meta: Meta, range: KeyRange): void {
    const start = layout.rowKey(number, range.start)
    const end = layout.rowKey(number, range.end)
    if (Buffer.compare(start, end) >= 0) return
    const keys = [...this.#database.getKeys({ start, end })]
    for (const key of keys) this.#deleteRow(key, meta)
  }

  #put(key: Uint8Array, content: Uint8Array): void {
    this.#database.putSync(key, layout.seal(key, content))
  }

  #read(key: Uint8Array, whose: string): Uint8Array | undefined {
    const sealed = this.#database.getBinary(key)
    if (sealed === undefined) return undefined
    const content = layout.unseal(key, sealed)
    if (content === null) throw this.#badRow(whose)
    return content
  }

  /** Rows of one snapshot. @throws DamagedError when they do not ascend: pages have changed places */
  *#rows(start: Uint8Array, end: Uint8Array): IterableIterator<[Uint8Array, Uint8Array]> {
    const transaction = this.#database.useReadTransaction()
    let last: Uint8Array | null = null
    try {
      for (const { key, value } of this.#database.getRange({ start, end, transaction })) {
        const ascends =
          Buffer.compare(key, start) >= 0 && (last === null || Buffer.compare(last, key) < 0)
        if (!ascends) throw damaged(this.#directory, 'its keys are out of order')
        yield [key, value]
        last = key
      }
    } finally {
      transaction.done()
    }
  }

  #badRow(whose: string): Error {
    return damaged(this.#directory, `a row of partition ${whose} fails its checksum`)
  }
}

function emptyMeta(): Meta {
  return {
    epoch: 0n,
    commits: 0n,
    rows: 0,
    digest: { low: 0, high: 0 },
    ownerId: '',
    ownerAddress: '',
  }
}

function ownershipOf(meta: Meta): Ownership {
  return { id: meta.ownerId, address: meta.ownerAddress, epoch: meta.epoch }
}
