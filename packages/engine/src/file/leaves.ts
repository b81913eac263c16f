/** The leaves of the main tree as they were at the opening of the file, and which of them have still to be checked. */
import { KeySpans } from './key-spans.ts'
import type { KeySpan } from './key-spans.ts'
import { AFTER_ALL_KEYS, textOf } from './key-text.ts'
import type { Ledger } from './ledger.ts'
import { LeafCheck } from './leaf-check.ts'
import type { LargeValue, LeafContent } from './leaf-check.ts'
import { demand } from './page-file.ts'
import type { PageFile } from './page-file.ts'
import type { Survey } from './survey.ts'
import { HEADER_BYTES, TreePage } from './tree-page.ts'
import { TreeReader } from './tree-reader.ts'
import type { Twig } from './tree-reader.ts'
import type { Bounds } from './tree-walk.ts'

/** So many leaves are checked at once for one reader. */
const STRETCH_LEAVES = 64
/** So many leaves are put into the order of their pages. */
const WINDOW_LEAVES = 8_192
/** To both sides of a change LMDB may look at leaves, join them or move rows between them: in all cases that matter at fewer. */
const REACH_LEAVES = 4
/** LMDB joins a leaf with the next one when less than a quarter of it is in use. */
const FULLNESS_MIN = 0.3

/** A leaf, and where it stands. */
interface Place {
  readonly twig: Twig
  readonly index: number
}

export class Leaves {
  readonly file: PageFile
  readonly #survey: Survey
  readonly #ledger: Ledger
  readonly #reader: TreeReader
  readonly #check: LeafCheck
  readonly #page: TreePage
  /** What `reading` and `writing` have done since the last transaction, which they need not do twice. */
  readonly #readable = new KeySpans()
  readonly #writable = new KeySpans()
  #entries = 0n
  #overflows = 0n

  constructor(survey: Survey, ledger: Ledger) {
    const { file, last } = survey
    this.file = file
    this.#survey = survey
    this.#ledger = ledger
    this.#reader = new TreeReader(file, last.meta.main)
    this.#check = new LeafCheck(file, last.meta)
    this.#page = new TreePage(Buffer.allocUnsafeSlow(file.pageBytes))
  }

  /** How many have still to be checked. */
  get left(): number {
    return this.#survey.leaves.size
  }

  /** How many pages a row takes, on the average. */
  get pagesOfRow(): number {
    const { leaves, overflows, entries } = this.#survey.last.meta.main
    return Number(leaves + overflows) / Math.max(1, Number(entries))
  }

  /** A transaction is over. */
  moved(): void {
    this.#reader.moved()
    this.#readable.clear()
    this.#writable.clear()
  }

  isLeft(number: number): boolean {
    return this.#survey.leaves.has(number)
  }

  /** Numbers of leaves that are left, ascending. */
  *inFile(): IterableIterator<number> {
    const { leaves } = this.#survey
    for (let number = leaves.next(0); number >= 0; number = leaves.next(number + 1)) yield number
  }

  /** Of leaves that are left and hold keys from `start` to `end`: the numbers of some together ascend. */
  *inRange(start: Buffer, end: Buffer): IterableIterator<number> {
    let from: Buffer | null = start
    while (from !== null && from.compare(end) < 0) {
      const numbers: number[] = []
      while (from !== null && from.compare(end) < 0 && numbers.length < WINDOW_LEAVES) {
        const twig = this.#reader.twig(from)
        for (let index = 0; index < (twig?.count ?? 0); index += 1) {
          const number = twig?.leaf(index) ?? 0
          if (this.isLeft(number)) numbers.push(number)
        }
        from = twig?.bounds.upper ?? null
      }
      yield* numbers.sort((left, right) => left - right)
    }
  }

  /** Checks a leaf that is left, wherever it stands. @throws Damage */
  read(page: TreePage, number: number): LeafContent {
    const place = this.#at(this.#check.firstKey(page, number))
    const stands = place !== null && place.twig.leaf(place.index) === number
    demand(stands, `page ${number} is not where its keys are looked for`)
    return this.#check.read(page, number, boundsOf(place))
  }

  /** Judges a large value by the pages that it fills. */
  judge(large: LargeValue, pages: Buffer): void {
    const content = pages.subarray(HEADER_BYTES, HEADER_BYTES + large.bytes)
    if (large.tally !== null && !this.#check.isSound(large, content)) large.tally.isSound = false
  }

  /** The leaf is checked. @throws Damage */
  count(number: number, { entries, tallies, large }: LeafContent): void {
    const { leaves, seen, free } = this.#survey
    leaves.delete(number)
    this.#entries += BigInt(entries)
    for (const tally of tallies) this.#ledger.add(tally)
    for (const { first, pages } of large) {
      this.#overflows += BigInt(pages)
      for (let page = first; page < first + pages; page += 1) {
        demand(seen.add(page), `page ${page} is reached twice`)
        demand(!free.has(page), `page ${page} is in use and free`)
      }
    }
  }

  /** Checks all, with the content of every value. @throws Damage */
  all(): void {
    for (let place = this.#first(); place !== null; place = this.#next(place)) {
      this.#checkAt(place, (large) => {
        const pages = Buffer.allocUnsafe(large.pages * this.file.pageBytes)
        this.file.fill(large.first, pages)
        this.judge(large, pages)
      })
    }
    this.conclude()
  }

  /** All have been checked. @throws Damage when that is not so, or there were others than LMDB says */
  conclude(): void {
    demand(this.left === 0, `${this.left} pages have left the tree without having been changed`)
    const { main } = this.#survey.last.meta
    const counted = this.#entries === main.entries && this.#overflows === main.overflows
    demand(counted, 'a tree does not have the entries it says')
  }

  /**
   * Checks those that hold the keys from `start` to `end`, but not very many, and the one behind: a cursor goes there to see that it is.
   *
   * @returns the key before which all is checked
   */
  reading(start: Buffer, end: Buffer): Buffer {
    const known = this.#readable.endOf(textOf(start))
    if (known !== undefined && textOf(end) <= known) return end
    const first = this.#at(start)
    let upper: Buffer | null = null
    let place = first
    for (let read = 0; place !== null && read < STRETCH_LEAVES; read += 1) {
      this.#checkAt(place)
      upper = boundsOf(place).upper
      place = this.#next(place)
      if (upper !== null && upper.compare(end) >= 0) break
    }
    if (place !== null) this.#checkAt(place)
    if (first !== null) this.#readable.add(spanOf(first, upper))
    return upper === null || upper.compare(end) >= 0 ? end : upper
  }

  /**
   * Checks those that hold the keys from `start` to `end`, and around them whatever LMDB may come to when these are changed or removed.
   * A leaf that stays full enough joins no other; so beyond such a one nothing is touched.
   */
  writing(start: Buffer, end: Buffer): void {
    const known = this.#writable.endOf(textOf(start))
    if (known !== undefined && textOf(end) < known) return
    const first = this.#at(start)
    if (first === null) return
    let last = first
    for (let place: Place | null = first; place !== null; place = this.#next(place)) {
      this.#checkAt(place)
      last = place
      const { upper } = boundsOf(place)
      if (upper === null || upper.compare(end) > 0) break
    }
    this.#around(first, (place) => this.#previous(place))
    this.#around(last, (place) => this.#next(place))
    this.#writable.add(spanOf(first, boundsOf(last).upper))
  }

  #around(from: Place, step: (place: Place) => Place | null): void {
    let place = step(from)
    for (let reached = 1; place !== null; reached += 1) {
      this.#checkAt(place)
      if (reached >= REACH_LEAVES && this.#fullness(place) >= FULLNESS_MIN) return
      place = step(place)
    }
  }

  #fullness({ twig, index }: Place): number {
    this.file.fill(twig.leaf(index), this.#page.bytes)
    return this.#page.fullness
  }

  #checkAt({ twig, index }: Place, judge?: (large: LargeValue) => void): void {
    const number = twig.leaf(index)
    if (!this.isLeft(number)) return
    this.file.fill(number, this.#page.bytes)
    const content = this.#check.read(this.#page, number, twig.boundsOf(index))
    if (judge !== undefined) content.large.forEach(judge)
    this.count(number, content)
  }

  #first(): Place | null {
    return this.#at(Buffer.alloc(0))
  }

  #at(key: Buffer): Place | null {
    const twig = this.#reader.twig(key)
    return twig === null ? null : { twig, index: twig.indexOf(key) }
  }

  #next({ twig, index }: Place): Place | null {
    if (index + 1 < twig.count) return { twig, index: index + 1 }
    const { upper } = twig.bounds
    return upper === null ? null : this.#at(upper)
  }

  #previous({ twig, index }: Place): Place | null {
    if (index > 0) return { twig, index: index - 1 }
    const { lower } = twig.bounds
    const before = lower === null ? null : this.#reader.twigBefore(lower)
    return before === null ? null : { twig: before, index: before.count - 1 }
  }
}

function boundsOf({ twig, index }: Place): Bounds {
  return twig.boundsOf(index)
}

/** All keys from the first one of a leaf to `upper`. */
function spanOf(first: Place, upper: Buffer | null): KeySpan {
  const { lower } = boundsOf(first)
  return {
    start: lower === null ? '' : textOf(lower),
    end: upper === null ? AFTER_ALL_KEYS : textOf(upper),
  }
}
