/**
 * The rows of all partitions: those in one LMDB environment, and over them what the journal says that LMDB does not know yet. Reads
 * check, writes keep counts and digests true.
 */
import type { Entry, WriteSet } from '@tenure/kernel'
import { partitionNameBytes } from '../bounds.ts'
import type { KeyRange, Ownership, OwnerInfo } from '../engine.ts'
import { FencedError } from '../errors.ts'
import { damaged } from './failure.ts'
import { readHeader } from './header.ts'
import { Pending } from './journal/pending.ts'
import * as layout from './layout.ts'
import type { JournalMark, Meta, Total } from './layout.ts'
import type { Inspection } from './inspection.ts'
import type { PartitionTotal } from './ledger.ts'
import type { Database } from './open-database.ts'
import { Snapshot } from './snapshot.ts'

/** A row that is to change in LMDB; null deletes it. */
export interface RowChange {
  readonly key: Buffer
  readonly value: Uint8Array | null
}

/** Rows of one partition, by their keys in LMDB. */
export interface RowRange {
  readonly start: Buffer
  /** Exclusive. */
  readonly end: Buffer
}

export interface Claim {
  readonly name: string
  readonly number: number
  readonly epoch: bigint
}

export class Store {
  /** What commits have changed and LMDB does not know yet. */
  readonly pending: Pending = new Pending()
  /** Who has a partition, as far as it was looked at. Nobody else can change that. */
  readonly #owners = new Map<number, Ownership>()
  /** What somebody is in the middle of. */
  readonly #scanned = new Set<Snapshot>()
  readonly #database: Database
  readonly #directory: string
  readonly #inspection: Inspection

  constructor(database: Database, directory: string, inspection: Inspection) {
    this.#database = database
    this.#directory = directory
    this.#inspection = inspection
  }

  /** The partition's number; null when it was never claimed. */
  numberOf(name: string): number | null {
    const content = this.#read(layout.catalogueKey(partitionNameBytes(name)), `"${name}"`)
    return content === undefined ? null : layout.decodeNumber(content)
  }

  ownership(name: string): Ownership | null {
    const number = this.numberOf(name)
    return number === null ? null : ownershipOf(this.#meta(number))
  }

  get(name: string, number: number, key: Uint8Array): Uint8Array | undefined {
    const row = layout.rowKey(number, key)
    const pending = this.pending.get(row)
    if (pending !== undefined) return pending === null ? undefined : new Uint8Array(pending)
    this.#inspection.reading(row, row)
    return this.#read(row, `"${name}"`)?.slice()
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
    const stored = this.#contents(name, start, end)
    const rows = this.pending.between(start, end)?.over(stored) ?? stored
    for (const [key, content] of rows) yield [layout.entryKey(key), new Uint8Array(content)]
  }

  /** All rows as LMDB has them now, until it is done with. */
  snapshot(): Snapshot {
    const [database, place, inspection] = [this.#database, this.#directory, this.#inspection]
    return new Snapshot({ database, place, inspection })
  }

  /** Lets go of LMDB: whoever scans gets no more. */
  close(): void {
    for (const snapshot of this.#scanned) snapshot.done()
  }

  /** Raises the epoch; inside a write transaction. It holds once that is over: see `claimed`. */
  claim(name: string, owner: OwnerInfo, above: bigint): Claim {
    const known = this.numberOf(name)
    const number = known ?? this.#enter(name)
    const meta = known === null ? emptyMeta() : this.#meta(number)
    meta.epoch = (meta.epoch > above ? meta.epoch : above) + 1n
    meta.ownerId = owner.id
    meta.ownerAddress = owner.address
    this.#put(layout.metaKey(number), layout.encodeMeta(meta))
    return { name, number, epoch: meta.epoch }
  }

  /** The claim is on disk. */
  claimed({ number, epoch }: Claim, { id, address }: OwnerInfo): void {
    this.#owners.set(number, { id, address, epoch })
  }

  /** Keeps what a partition holds that was just claimed, unless it was claimed again; inside a write transaction. */
  putRegions(claim: Claim, regions: Map<number, Total>): void {
    const meta = this.#meta(claim.number)
    if (meta.epoch !== claim.epoch) return
    this.#put(layout.metaKey(claim.number), layout.encodeMeta({ ...meta, regions }))
  }

  /** @throws FencedError when a later claim exists, DamagedError when the partition was found to be damaged */
  assertOwned({ name, number, epoch }: Claim): void {
    this.#inspection.assertSound(number)
    const owner = this.#owners.get(number)
    if (owner?.epoch === epoch) return
    throw FencedError.by(name, epoch, owner ?? ownershipOf(this.#meta(number)))
  }

  /** Looks at what the writes of a commit will change, while LMDB may be at work. @throws DamagedError */
  inspect(number: number, writes: WriteSet): void {
    if (this.#inspection.isOver) return
    for (const write of writes) {
      const [first, last] =
        write.kind === 'delete-range' ? [write.start, write.end] : [write.key, write.key]
      const end = layout.rowKey(number, last)
      let start = this.#inspection.reading(layout.rowKey(number, first), end)
      while (start.compare(end) < 0) start = this.#inspection.reading(start, end)
    }
  }

  /** Called before the transaction that changes the rows. @throws DamagedError */
  inspectRows(changes: readonly RowChange[]): void {
    if (this.#inspection.isOver) return
    for (const { key } of changes) this.#inspection.writing(key, key)
  }

  /** The same of all rows of ranges. */
  inspectRanges(ranges: readonly RowRange[]): void {
    if (this.#inspection.isOver) return
    for (const { start, end } of ranges) this.#inspection.writing(start, end)
  }

  /** Changes rows in LMDB; inside a write transaction. */
  change(changes: readonly RowChange[]): void {
    const metas = new Map<number, Meta>()
    for (const { key, value } of changes) {
      const meta = this.#metaIn(metas, key)
      if (value === null) this.#deleteRow(key, meta)
      else this.#putRow(key, meta, value)
    }
    this.#putChanged(metas)
  }

  /**
   * Deletes rows of the ranges, one range after the other, until about `rowsMax` rows and ranges are done with; inside a write transaction.
   *
   * @returns how many of the ranges are empty now
   */
  clear(ranges: readonly RowRange[], rowsMax: number): number {
    const metas = new Map<number, Meta>()
    let left = rowsMax
    let empty = 0
    for (const { start, end } of ranges) {
      const keys = [...this.#database.getKeys({ start, end, limit: left })]
      for (const key of keys) this.#deleteRow(key, this.#metaIn(metas, start))
      if (keys.length === left) break
      empty += 1
      left -= keys.length + 1
      if (left <= 0) break
    }
    this.#putChanged(metas)
    return empty
  }

  /** Says which journal is in use; inside a write transaction. @param journal null when none is */
  putHeader(journal: JournalMark | null): void {
    this.#put(layout.HEADER_KEY, layout.encodeHeader(journal))
  }

  /** Writes the header of a new store, checks that of an existing one. @returns the journal that was in use */
  async open(): Promise<JournalMark | null> {
    this.#inspection.writing(layout.HEADER_KEY, layout.META_END)
    const sealed = this.#database.getBinary(layout.HEADER_KEY)
    if (sealed === undefined) {
      if (this.#database.getKeysCount({ limit: 1 }) > 0) {
        throw damaged(this.#directory, 'its header is missing')
      }
      const header = layout.seal(layout.HEADER_KEY, layout.encodeHeader(null))
      await this.#database.put(layout.HEADER_KEY, header)
      return null
    }
    const journal = readHeader(this.#directory, sealed)
    this.#inspection.expect(this.#totals())
    return journal
  }

  /** A partition whose name or counts cannot be read would be taken for one that was never there. */
  #totals(): PartitionTotal[] {
    const names = new Map<number, string>()
    for (const [key, value] of this.#rows(layout.CATALOGUE_START, layout.CATALOGUE_END)) {
      const content = layout.unseal(key, value)
      if (content === null) throw damaged(this.#directory, 'a name fails its checksum')
      names.set(layout.decodeNumber(content), layout.catalogueName(key))
    }
    const totals: PartitionTotal[] = []
    for (const [key, value] of this.#rows(layout.META_START, layout.META_END)) {
      const content = layout.unseal(key, value)
      if (content === null) throw damaged(this.#directory, 'a meta row fails its checksum')
      const number = layout.decodeNumber(key.subarray(1))
      const name = names.get(number)
      if (name === undefined) throw damaged(this.#directory, 'a partition has lost its name')
      const { rows, digest, regions } = layout.decodeMeta(content)
      totals.push({ name, number, rows, digest, regions })
    }
    const hasAll = totals.length === names.size
    if (!hasAll) throw damaged(this.#directory, 'a partition has lost its meta row')
    return totals
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

  #meta(number: number): Meta {
    const content = this.#read(layout.metaKey(number), `number ${number}`)
    if (content === undefined) {
      throw damaged(this.#directory, `partition number ${number} has lost its meta row`)
    }
    return layout.decodeMeta(content)
  }

  /** What is kept of the partition of a row, read once for a transaction. */
  #metaIn(metas: Map<number, Meta>, row: Buffer): Meta {
    const number = layout.partitionOf(row)
    const meta = metas.get(number) ?? this.#meta(number)
    metas.set(number, meta)
    return meta
  }

  #putChanged(metas: ReadonlyMap<number, Meta>): void {
    for (const [number, meta] of metas) {
      meta.changes += 1n
      this.#put(layout.metaKey(number), layout.encodeMeta(meta))
    }
  }

  #putRow(key: Buffer, meta: Meta, value: Uint8Array): void {
    const old = this.#database.getBinaryFast(key)
    const sealed = layout.seal(key, value)
    for (const total of layout.totalsOf(meta, key)) {
      if (old === undefined) total.rows += 1
      else layout.subtractLanes(total.digest, layout.sealOf(old))
      layout.addLanes(total.digest, layout.sealOf(sealed))
    }
    this.#database.putSync(key, sealed)
  }

  #deleteRow(key: Uint8Array, meta: Meta): void {
    const old = this.#database.getBinaryFast(key)
    if (old === undefined) return
    for (const total of layout.totalsOf(meta, key)) {
      total.rows -= 1
      layout.subtractLanes(total.digest, layout.sealOf(old))
    }
    this.#database.removeSync(key)
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

  *#contents(name: string, start: Buffer, end: Buffer): IterableIterator<Entry> {
    for (const [key, sealed] of this.#rows(start, end)) {
      const content = layout.unseal(key, sealed)
      if (content === null) throw this.#badRow(`"${name}"`)
      yield [key, content]
    }
  }

  /** Rows of one snapshot. @throws DamagedError when they do not ascend */
  *#rows(first: Buffer, end: Buffer): IterableIterator<[Uint8Array, Uint8Array]> {
    const snapshot = this.snapshot()
    this.#scanned.add(snapshot)
    try {
      yield* snapshot.rows(first, end)
    } finally {
      this.#scanned.delete(snapshot)
      snapshot.done()
    }
  }

  #badRow(whose: string): Error {
    return damaged(this.#directory, `a row of partition ${whose} fails its checksum`)
  }
}

function emptyMeta(): Meta {
  return {
    epoch: 0n,
    changes: 0n,
    ...layout.noRows(),
    ownerId: '',
    ownerAddress: '',
    regions: new Map(),
  }
}

function ownershipOf(meta: Meta): Ownership {
  return { id: meta.ownerId, address: meta.ownerAddress, epoch: meta.epoch }
}
