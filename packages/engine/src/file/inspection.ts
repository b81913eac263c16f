/**
 * What was stored when the file was opened is checked once, whole: each leaf of the tree with every row in it, and then the count and
 * the digest of each partition.
 *
 * A small file is checked before LMDB opens it. For a large one that would take minutes, so its leaves are checked while it is used: those
 * that LMDB is about to read or to change right then, all others meanwhile. So LMDB never sees a page that was not checked, and each
 * leaf is counted as it was at the opening (I-30), since the first change of a leaf writes it to another page. A small partition in a large file is
 * checked whole before it is claimed, and so are the small regions of a large one.
 */
import { closeSync, existsSync, fstatSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { EngineError } from '../errors.ts'
import { damaged } from './failure.ts'
import * as layout from './layout.ts'
import type { Total } from './layout.ts'
import { Leaves } from './leaves.ts'
import { Ledger } from './ledger.ts'
import type { PartitionTotal } from './ledger.ts'
import { Leisure } from './leisure.ts'
import { confirm } from './meta-page.ts'
import { Damage, PageFile } from './page-file.ts'
import { readBranches, readWhole } from './read-ahead.ts'
import { survey } from './survey.ts'
import { sweep } from './sweep.ts'

/** What is checked before it is used. */
export interface InspectionLimits {
  /** A file with more pages is checked while it is used. */
  readonly filePagesMax: number
  /** In such a file, about so many pages with rows of a partition that is about to be claimed. */
  readonly partitionPagesMax: number
  /** What the check of all the rest waits for before it checks the next few pages; for leisure by default. */
  readonly turn?: (workedMs: number) => Promise<void>
}

/** So many pages are 256 MiB, and checked in about a second. */
export const DEFAULT_INSPECTION_LIMITS: InspectionLimits = {
  filePagesMax: 65_536,
  partitionPagesMax: 65_536,
}

export class Inspection {
  readonly #place: string
  readonly #dataFile: string
  readonly #limits: InspectionLimits
  readonly #ledger: Ledger
  readonly #sweeps = new Set<Promise<void>>()
  /** Null once all is checked. */
  #leaves: Leaves | null = null
  #descriptor: number | null = null
  #isStopped = false
  #failed: (failure: EngineError) => void = () => undefined

  private constructor(place: string, dataFile: string, limits: InspectionLimits) {
    this.#place = place
    this.#dataFile = dataFile
    this.#limits = limits
    this.#ledger = new Ledger(place)
  }

  /**
   * Looks at a closed file, and makes sure that LMDB will take the same state for the last.
   *
   * @throws DamagedError when LMDB could not be trusted with it
   */
  static async begin(
    place: string,
    dataFile: string,
    limits: InspectionLimits,
  ): Promise<Inspection> {
    const inspection = new Inspection(place, dataFile, limits)
    if (!existsSync(join(place, dataFile))) return inspection
    try {
      await inspection.#begin()
    } catch (error) {
      inspection.#end()
      throw inspection.#judge(error)
    }
    return inspection
  }

  get isOver(): boolean {
    return this.#leaves === null
  }

  /** Whether the file is large: there are leaves that have still to be checked. */
  get isPending(): boolean {
    return this.#leaves !== null && this.#leaves.left > 0
  }

  /** What partitions should hold: all of them, before the first is claimed. */
  expect(totals: Iterable<PartitionTotal>): void {
    for (const total of totals) this.#ledger.expect(total)
    if (!this.isPending) this.#guard(() => this.#finish())
  }

  /** @param failed hears of damage that is not one partition's, once: nothing can be trusted any more */
  onFailure(failed: (failure: EngineError) => void): void {
    this.#failed = failed
  }

  /**
   * Called before LMDB looks for the keys from `start` to `end`.
   *
   * @returns the key before which they are checked now; `end` when all are
   * @throws DamagedError
   */
  reading(start: Buffer, end: Buffer): Buffer {
    const leaves = this.#leaves
    return leaves === null ? end : this.#guard(() => leaves.reading(start, end))
  }

  /** Called before LMDB changes what it has from `start` to `end`, while no transaction runs. @throws DamagedError */
  writing(start: Buffer, end: Buffer): void {
    const leaves = this.#leaves
    if (leaves !== null) this.#guard(() => leaves.writing(start, end))
  }

  /** A transaction is over. */
  moved(): void {
    const leaves = this.#leaves
    if (leaves !== null) this.#guard(() => leaves.moved())
  }

  /** @throws DamagedError when something was found to be wrong with the partition */
  assertSound(partition: number): void {
    this.#ledger.assertSound(partition)
  }

  /**
   * Checks a partition that is about to be claimed: the whole of it when it is small, else its small regions.
   *
   * @returns what it holds, by regions, when that was not known
   * @throws DamagedError
   */
  async claiming(number: number): Promise<Map<number, Total> | null> {
    const total = this.#ledger.inQuestion(number)
    if (total === undefined) {
      this.#ledger.assertSound(number)
      return null
    }
    const rowsMax = this.#limits.partitionPagesMax / (this.#leaves?.pagesOfRow ?? 1)
    const isWhole = total.regions === null || total.rows <= rowsMax
    if (!isWhole) await this.#smallRegions(total, rowsMax)
    const found = isWhole ? await this.#whole(number) : null
    this.#ledger.assertSound(number)
    return total.regions === null ? found : null
  }

  /** Checks all that is left, in the turns that the event loop has for it. */
  async rest(): Promise<void> {
    if (this.#leaves === null) return
    try {
      const leisure = new Leisure()
      const { turn = (workedMs) => leisure.turn(workedMs) } = this.#limits
      await this.#sweep((leaves) => leaves.inFile(), turn)
      await this.#quiet()
      if (!this.#isStopped) this.#guard(() => this.#finish())
    } catch (error) {
      // Whoever uses the store was told by #guard.
      if (!(error instanceof EngineError)) throw error
    }
  }

  /** Ends before all is checked. */
  async close(): Promise<void> {
    this.#isStopped = true
    await this.#quiet()
    this.#end()
  }

  /** Nobody reads the file any more. */
  async #quiet(): Promise<void> {
    while (this.#sweeps.size > 0) await Promise.allSettled(this.#sweeps)
  }

  async #begin(): Promise<void> {
    const path = join(this.#place, this.#dataFile)
    this.#descriptor = openSync(path, 'r')
    if (fstatSync(this.#descriptor).size === 0) {
      this.#end()
      return
    }
    const file = new PageFile(this.#descriptor)
    const isSmall = file.lastPage < this.#limits.filePagesMax
    await (isSmall ? readWhole(file) : readBranches(file))
    const found = survey(file)
    const leaves = new Leaves(found, this.#ledger)
    this.#leaves = leaves
    if (isSmall) leaves.all()
    // Of a large file not all pages in use are known yet; none lies after its end.
    const { last, seen, free } = found
    const lastPage = isSmall ? BigInt(Math.max(seen.largest, free.largest)) : file.lastPage
    if (last.isUnconfirmed) confirm(path, file, last, lastPage)
  }

  async #whole(number: number): Promise<Map<number, Total> | null> {
    const start = layout.rowKey(number, new Uint8Array())
    const end = layout.rowsEnd(number)
    await this.#sweep((leaves) => leaves.inRange(start, end))
    return this.#isStopped ? null : this.#ledger.conclude(number)
  }

  /** The smallest of them, as long as they have no more rows together than a partition that is checked whole. */
  async #smallRegions(total: PartitionTotal, rowsMax: number): Promise<void> {
    const regions = [...(total.regions ?? [])].toSorted(
      ([, one], [, other]) => one.rows - other.rows,
    )
    let rowsLeft = rowsMax
    for (const [region, { rows }] of regions) {
      rowsLeft -= rows
      if (rowsLeft < 0 || this.#isStopped) return
      const { start, end } = layout.regionRange(total.number, region)
      await this.#sweep((leaves) => leaves.inRange(start, end))
      if (!this.#isStopped) this.#ledger.concludeRegion(total, region)
    }
  }

  async #sweep(
    which: (leaves: Leaves) => Iterable<number>,
    turn?: (workedMs: number) => Promise<void>,
  ): Promise<void> {
    const leaves = this.#leaves
    if (leaves === null) return
    const running = sweep(leaves, which(leaves), { isStopped: () => this.#isStopped, turn })
    this.#sweeps.add(running)
    try {
      await running
    } catch (error) {
      throw this.#judge(error)
    } finally {
      this.#sweeps.delete(running)
    }
  }

  #finish(): void {
    this.#leaves?.conclude()
    this.#ledger.concludeAll()
    this.#end()
  }

  #end(): void {
    this.#leaves = null
    if (this.#descriptor !== null) closeSync(this.#descriptor)
    this.#descriptor = null
  }

  #guard<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      throw this.#judge(error)
    }
  }

  #judge(error: unknown): EngineError {
    const failure = this.#failureOf(error)
    this.#failed(failure)
    return failure
  }

  #failureOf(error: unknown): EngineError {
    if (error instanceof EngineError) return error
    // Reading outside of a page is what a damaged number leads to.
    if (error instanceof Damage || error instanceof RangeError) {
      return damaged(this.#place, `${this.#dataFile}: ${error.message}`)
    }
    const message = error instanceof Error ? error.message : String(error)
    return new EngineError(`the store ${this.#place} failed: ${message}`, { cause: error })
  }
}
