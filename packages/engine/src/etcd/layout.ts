/**
 * How partitions lie in etcd, so that a person can read them with `etcdctl get --prefix /tenure/`.
 *
 *     /tenure/next                     the number that the next new partition gets
 *     /tenure/partition/NAME           {"number":7,"epoch":"12","id":"…","address":"10.0.0.1:2136"}: the last claim
 *     /tenure/mark/NUMBER              "12 345": the last commit, which was the 345th of epoch 12
 *     /tenure/row/NUMBER/KEY           the entry, its key and value as they are
 *     /tenure/journal/NUMBER/TRY/PART  what a large commit writes, in parts (journal.ts)
 *     /tenure/pending/NUMBER           "12.3 40 17": of the 40 parts of try 12.3, which is committed, 17 are applied
 *     /tenure/server/ID                {"id":"…","address":"…"}, on a lease of the server
 *
 * NUMBER and PART have eight hexadecimal digits. A claim replaces the partition's key and its mark in one transaction. Every other
 * transaction compares the whole mark with that of the commit before it: it does nothing once a later claim exists, and nothing when it comes
 * a second time.
 */
import { DamagedError } from '../errors.ts'
import type { Ownership, OwnerInfo } from '../engine.ts'

/** Which commit was the last. */
export interface Mark {
  readonly epoch: bigint
  /** How many of that epoch were before it, and it. 0 after the claim. */
  readonly commit: number
}

/** The last claim of a partition. */
export interface Claimed extends Ownership {
  readonly number: number
}

/** A large commit that is committed and not yet applied. */
export interface Pending {
  /** The name of its parts. */
  readonly attempt: string
  readonly parts: number
  /** So many of them, from the first, are applied. */
  readonly applied: number
}

export interface Span {
  readonly key: Uint8Array
  /** Exclusive. */
  readonly rangeEnd: Uint8Array
}

const NUMBER_DIGITS = 8

/** The keys of one deployment. */
export class Layout {
  readonly prefix: string

  /** @param prefix what all keys begin with, without the last slash */
  constructor(prefix: string) {
    this.prefix = prefix
  }

  get next(): Buffer {
    return this.#key('next')
  }

  /** @param name the partition's, as bytes */
  partition(name: Uint8Array): Buffer {
    return Buffer.concat([this.#key('partition/'), name])
  }

  /** The partitions whose names begin with `name`. */
  partitions(name: Uint8Array): Span {
    return spanOf(this.partition(name))
  }

  /** The name of the partition with this key. */
  nameIn(key: Uint8Array): string {
    return Buffer.from(key.subarray(this.#key('partition/').length)).toString('utf8')
  }

  /** Of all partitions. */
  get pendings(): Span {
    return spanOf(this.#key('pending/'))
  }

  get servers(): Span {
    return spanOf(this.#key('server/'))
  }

  server(id: string): Buffer {
    return this.#key(`server/${id}`)
  }

  room(number: number): Room {
    return new Room(this.prefix, number)
  }

  #key(rest: string): Buffer {
    return Buffer.from(`${this.prefix}/${rest}`, 'utf8')
  }
}

/** The keys of one partition. */
export class Room {
  readonly mark: Buffer
  readonly pending: Buffer
  /** All parts of all tries. */
  readonly journal: Span
  /** All rows. */
  readonly rows: Span
  readonly #row: Buffer
  readonly #journal: string

  constructor(prefix: string, number: number) {
    const digits = digitsOf(number)
    this.mark = Buffer.from(`${prefix}/mark/${digits}`)
    this.pending = Buffer.from(`${prefix}/pending/${digits}`)
    this.#journal = `${prefix}/journal/${digits}/`
    this.journal = spanOf(Buffer.from(this.#journal))
    this.#row = Buffer.from(`${prefix}/row/${digits}/`)
    this.rows = spanOf(this.#row)
  }

  row(key: Uint8Array): Buffer {
    return Buffer.concat([this.#row, key])
  }

  /** The entry's own key. */
  keyIn(row: Uint8Array): Uint8Array {
    return new Uint8Array(row.subarray(this.#row.length))
  }

  part(attempt: string, index: number): Buffer {
    return Buffer.from(`${this.#journal}${attempt}/${digitsOf(index)}`)
  }
}

export function markText({ epoch, commit }: Mark): Buffer {
  return Buffer.from(`${epoch} ${commit}`)
}

export function readMark(value: Uint8Array, key: Uint8Array): Mark {
  const [, epoch, commit] = /^(\d+) (\d+)$/.exec(textOf(value)) ?? []
  if (epoch === undefined || commit === undefined) throw damaged(key, value)
  return { epoch: BigInt(epoch), commit: Number(commit) }
}

export function pendingText({ attempt, parts, applied }: Pending): Buffer {
  return Buffer.from(`${attempt} ${parts} ${applied}`)
}

export function readPending(value: Uint8Array, key: Uint8Array): Pending {
  const [, attempt, parts, applied] = /^([\d.]+) (\d+) (\d+)$/.exec(textOf(value)) ?? []
  if (attempt === undefined) throw damaged(key, value)
  return { attempt, parts: Number(parts), applied: Number(applied) }
}

export function claimText({ number, epoch, id, address }: Claimed): Buffer {
  return Buffer.from(JSON.stringify({ number, epoch: String(epoch), id, address }))
}

export function readClaim(value: Uint8Array, key: Uint8Array): Claimed {
  const { number, epoch, id, address } = readObject(value, key)
  if (typeof number !== 'number' || typeof epoch !== 'string' || !/^\d+$/.test(epoch)) {
    throw damaged(key, value)
  }
  return { number, epoch: BigInt(epoch), id: String(id), address: String(address) }
}

export function serverText({ id, address }: OwnerInfo): Buffer {
  return Buffer.from(JSON.stringify({ id, address }))
}

export function readServer(value: Uint8Array, key: Uint8Array): OwnerInfo {
  const { id, address } = readObject(value, key)
  return { id: String(id), address: String(address) }
}

export function readNumber(value: Uint8Array, key: Uint8Array): number {
  const text = textOf(value)
  if (!/^\d{1,10}$/.test(text)) throw damaged(key, value)
  return Number(text)
}

function readObject(value: Uint8Array, key: Uint8Array): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(textOf(value))
    if (typeof parsed === 'object' && parsed !== null) return { ...parsed }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw damaged(key, value)
}

function textOf(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8')
}

function digitsOf(number: number): string {
  return number.toString(16).padStart(NUMBER_DIGITS, '0')
}

/** All keys that begin with `start`, whose last byte is never the greatest. */
function spanOf(start: Buffer): Span {
  let length = start.length
  while (length > 0 && start[length - 1] === 0xff) length -= 1
  const rangeEnd = Buffer.from(start.subarray(0, length))
  const last = rangeEnd[length - 1]
  if (last !== undefined) rangeEnd[length - 1] = last + 1
  return { key: start, rangeEnd }
}

function damaged(key: Uint8Array, value: Uint8Array): DamagedError {
  const shown = JSON.stringify(textOf(value).slice(0, 80))
  return new DamagedError(
    `etcd key ${textOf(key)} holds ${shown}, which this engine does not write: another program uses the prefix, or a newer Tenure wrote it; ` +
      'give the engine a prefix of its own',
  )
}
