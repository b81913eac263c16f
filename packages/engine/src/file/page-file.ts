/** An LMDB file as pages, read past LMDB. */
import { fstatSync, read, readSync } from 'node:fs'

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
  /** The length when it was opened. */
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

  /** Fills `into` from the beginning of a page on. @throws Damage when the file ends before */
  fill(number: number, into: Uint8Array): void {
    const got = readSync(this.#file, into, 0, into.length, number * this.pageBytes)
    this.#demandAll(got, into.length)
  }

  /** The same without holding up the event loop. */
  async fillLater(number: number, into: Uint8Array): Promise<void> {
    const at = number * this.pageBytes
    const got = await new Promise<number>((resolve, reject) => {
      read(this.#file, into, 0, into.length, at, (error, bytes) => {
        if (error === null) resolve(bytes)
        else reject(error)
      })
    })
    this.#demandAll(got, into.length)
  }

  /** The content of a value that fills pages of its own, from its first page on. */
  large(number: bigint, headerBytes: number, bytes: number): Buffer {
    return this.#read(Number(number) * this.pageBytes + headerBytes, bytes)
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    this.#demandAll(readSync(this.#file, bytes, 0, length, at), length)
    return bytes
  }

  #demandAll(got: number, length: number): void {
    demand(got === length, `the file ends at ${this.bytes} bytes, before all that was written`)
  }
}
