/** What partitions should hold, what was found of them, and which of them are damaged. */
import type { DamagedError } from '../errors.ts'
import { damaged } from './failure.ts'
import { addTotal, isSameTotal, noRows } from './layout.ts'
import type { Total } from './layout.ts'
import type { Tally } from './leaf-check.ts'

/** What was written to a partition, as every commit told it. */
export interface PartitionTotal extends Total {
  readonly name: string
  readonly number: number
  /** Null when it was not told by regions. */
  readonly regions: ReadonlyMap<number, Total> | null
}

/** What was found of a partition. */
interface Found {
  readonly regions: Map<number, Total>
  isSound: boolean
}

export class Ledger {
  readonly #directory: string
  /** Of partitions that are in question. */
  readonly #totals = new Map<number, PartitionTotal>()
  readonly #found = new Map<number, Found>()
  readonly #damages = new Map<number, DamagedError>()

  constructor(directory: string) {
    this.#directory = directory
  }

  /** So it should be. Called before anybody can claim the partition. */
  expect(total: PartitionTotal): void {
    this.#totals.set(total.number, total)
    if (this.#found.get(total.number)?.isSound === false) this.#blameRow(total)
  }

  /** What a partition should hold; undefined when that is not in question, or not any more. */
  inQuestion(number: number): PartitionTotal | undefined {
    return this.#totals.get(number)
  }

  add(tally: Tally): void {
    const { partition, region } = tally
    const found = this.#found.get(partition) ?? { regions: new Map<number, Total>(), isSound: true }
    this.#found.set(partition, found)
    const sum = found.regions.get(region) ?? noRows()
    found.regions.set(region, sum)
    addTotal(sum, tally)
    if (tally.isSound) return
    found.isSound = false
    const total = this.#totals.get(partition)
    if (total !== undefined) this.#blameRow(total)
  }

  /** All that was stored of the partition has been added. @returns what was found, by regions; null when it is not in question */
  conclude(number: number): Map<number, Total> | null {
    const total = this.#totals.get(number)
    if (total === undefined) return null
    const regions = this.#found.get(number)?.regions ?? new Map<number, Total>()
    const sum = noRows()
    for (const region of regions.values()) addTotal(sum, region)
    this.#compare(total, { found: sum, written: total })
    this.#totals.delete(number)
    this.#found.delete(number)
    return regions
  }

  /** The same of one region. */
  concludeRegion(total: PartitionTotal, region: number): void {
    const found = this.#found.get(total.number)?.regions.get(region) ?? noRows()
    this.#compare(total, { found, written: total.regions?.get(region) ?? noRows() })
  }

  concludeAll(): void {
    for (const number of this.#totals.keys()) this.conclude(number)
    this.#found.clear()
  }

  /** @throws DamagedError when something was found to be wrong with the partition */
  assertSound(number: number): void {
    const damage = this.#damages.get(number)
    if (damage !== undefined) throw damage
  }

  #compare({ name, number }: PartitionTotal, both: { found: Total; written: Total }): void {
    const { found, written } = both
    if (isSameTotal(found, written)) return
    const fault =
      found.rows === written.rows
        ? 'fails its digest'
        : `has ${found.rows} rows where ${written.rows} were written`
    this.#blame(number, `partition "${name}" ${fault}`)
  }

  #blameRow({ name, number }: PartitionTotal): void {
    this.#blame(number, `a row of partition "${name}" fails its checksum`)
  }

  #blame(number: number, what: string): void {
    if (!this.#damages.has(number)) this.#damages.set(number, damaged(this.#directory, what))
  }
}
