/** Plants each bug in turn and looks for the first seed that finds it. */
import { join } from 'node:path'
import { runRange, SOURCE_ARGV } from '../command/range.ts'
import { MUTANTS } from './catalogue.ts'
import type { Mutant } from './mutant.ts'

export interface TrialOptions {
  readonly from: number
  readonly seeds: number
  /** Only the mutant of this name. */
  readonly only: string | null
}

export interface SeedRange {
  readonly from: number
  readonly seeds: number
}

/** How a planted bug was found. */
export interface Find {
  /** The promise that the judge saw broken. */
  readonly check: string
  /** The failing one is the last of so many. */
  readonly seeds: number
}

const PLANT = join(import.meta.dirname, 'plant.mjs')

/** @returns whether all were found */
export async function tryMutants({ from, seeds, only }: TrialOptions): Promise<boolean> {
  const mutants = MUTANTS.filter(({ name }) => only === null || name === only)
  if (mutants.length === 0) throw new RangeError(`there is no mutant "${only}"`)
  const missed: string[] = []
  for (const mutant of mutants) {
    const find = await trial(mutant, { from, seeds })
    console.log(rowOf(mutant, find))
    if (find === null) missed.push(mutant.name)
  }
  console.log(`${mutants.length - missed.length} of ${mutants.length} planted bugs were found`)
  return missed.length === 0
}

/** For a table: the bug, the promise it breaks, the check that found it, after how many seeds. */
export function rowOf({ name, breaks }: Mutant, find: Find | null): string {
  const how = find === null ? 'MISSED | |' : `${find.check} | ${find.seeds} |`
  return `| ${name} | ${breaks} | ${how}`
}

/** @returns null when it was missed */
export async function trial(mutant: Mutant, { from, seeds }: SeedRange): Promise<Find | null> {
  const { failure } = await runRange({
    from,
    seeds,
    // The bug is planted before the sources are compiled, so its preload comes before all others.
    execArgv: ['--import', PLANT, ...SOURCE_ARGV],
    environment: { TENURE_SIM_MUTANT: JSON.stringify(mutant) },
    progress: () => {},
  })
  return failure && { check: failure.violation.promise, seeds: failure.seed - from + 1 }
}
