/** An LMDB file as pages, read past LMDB. */
import { fstatSync, readSync } from 'node:fs'

const PAGE_BYTES_AT = 48
const PAGE_BYTES_MIN = 4096
const PAGE_BYTES_MAX = 65_536

/** What is wrong with a file, in words. */
export class Damage extends Error {}

/** @throws Damage */
export function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Damage(what)
}

export class PageFile {
  readonly bytes: number
  readonly pageBytes: number
  readonly #file: number

  /** @param file an open file descriptor. @throws Damage when the file cannot have pages */
  constructor(file: number) {
    this.#file = file
    this.bytes = fstatSync(file).size
    const pageBytes = this.#read(0, PAGE_BYTES_MIN).readUInt32LE(PAGE_BYTES_AT)
    const possible = pageBytes >= PAGE_BYTES_MIN && pageBytes <= PAGE_BYTES_MAX
    demand(possible && (pageBytes & (pageBytes - 1)) === 0, 'the page size is impossible')
    this.pageBytes = pageBytes
  }

  /** The last page that is in the file as a whole. */
  get lastPage(): bigint {
    return BigInt(Math.floor(this.bytes / this.pageBytes) - 1)
  }

  /** @throws Damage when the file ends before it */
  page(number: bigint): Buffer {
    return this.#read(Number(number) * this.pageBytes, this.pageBytes)
  }

  /** The content of a value that fills pages of its own, from its first page on. */
  large(number: bigint, headerBytes: number, bytes: number): Buffer {
    return this.#read(Number(number) * this.pageBytes + headerBytes, bytes)
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    const read = at + length <= this.bytes ? readSync(this.#file, bytes, 0, length, at) : 0
    demand(read === length, `the file ends at ${this.bytes} bytes, before all that was written`)
    return bytes
  }
}
