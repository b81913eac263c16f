/**
 * The pages that LMDB believes to be free.
 *
 * They are the first that the next transactions write to, so a damaged entry that names a page in use would harm rows that were whole.
 * A record holds a count and so many entries of eight bytes: nothing, a page, or the negative length of a run and then its first page.
 */
import { demand } from './page-file.ts'
import { PageSet } from './page-set.ts'

const ENTRY_BYTES = 8
const FIRST_PAGE = 2n

export class FreeList {
  readonly pages: PageSet
  readonly #transaction: bigint
  readonly #lastPage: bigint

  constructor(transaction: bigint, lastPage: bigint) {
    this.pages = new PageSet(Number(lastPage))
    this.#transaction = transaction
    this.#lastPage = lastPage
  }

  /**
   * Takes one record in.
   *
   * @param by the transaction whose pages these were
   * @throws Damage
   */
  add(by: bigint, record: Buffer): void {
    demand(by >= 1n && by <= this.#transaction, `pages are free since transaction ${by}`)
    const count = record.readBigUInt64LE(0)
    const end = (Number(count) + 1) * ENTRY_BYTES
    demand(end <= record.length, 'a list of free pages has an impossible length')
    let length = 1n
    for (let at = ENTRY_BYTES; at < end; at += ENTRY_BYTES) {
      const entry = record.readBigInt64LE(at)
      if (entry < 0n) {
        demand(length === 1n, 'a list of free pages has two lengths for one run')
        length = -entry
      } else if (entry > 0n || length > 1n) {
        this.#addRun(entry, length)
        length = 1n
      }
    }
    demand(length === 1n, 'a list of free pages ends within a run')
  }

  #addRun(first: bigint, length: bigint): void {
    const inside = first >= FIRST_PAGE && first + length - 1n <= this.#lastPage
    demand(inside, `free pages from ${first} on are outside of the store`)
    const end = Number(first + length)
    for (let number = Number(first); number < end; number += 1) {
      demand(this.pages.add(number), `page ${number} is free twice`)
    }
  }
}
