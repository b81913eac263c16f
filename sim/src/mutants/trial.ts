/** Plants each bug in turn and looks for the first seed that finds it. */
import { join } from 'node:path'
import { runRange } from '../command/range.ts'
import { MUTANTS } from './catalogue.ts'
import type { Mutant } from './mutant.ts'

export interface TrialOptions {
  readonly from: number
  readonly seeds: number
  /** Only the mutant of this name. */
  readonly only: string | null
}

const PLANT = join(import.meta.dirname, 'plant.mjs')

/** @returns whether all were found */
export async function tryMutants({ from, seeds, only }: TrialOptions): Promise<boolean> {
  const mutants = MUTANTS.filter(({ name }) => only === null || name === only)
  if (mutants.length === 0) throw new RangeError(`there is no mutant "${only}"`)
  const missed: string[] = []
  for (const mutant of mutants) {
    const found = await trial(mutant, { from, seeds })
    console.log(`| ${mutant.name} | ${mutant.breaks} | ${found ?? 'MISSED'} |`)
    if (found === null) missed.push(mutant.name)
  }
  console.log(`${mutants.length - missed.length} of ${mutants.length} planted bugs were found`)
  return missed.length === 0
}

/** @returns by which check and after how many seeds; null when it was missed */
async function trial(
  mutant: Mutant,
  { from, seeds }: { readonly from: number; readonly seeds: number },
): Promise<string | null> {
  const { failure } = await runRange({
    from,
    seeds,
    // The bug is planted before the sources are compiled, so its preload comes before all others.
    execArgv: ['--import', PLANT, ...process.execArgv],
    environment: { TENURE_SIM_MUTANT: JSON.stringify(mutant) },
    progress: () => {},
  })
  if (failure === null) return null
  return `${failure.violation.promise} | ${failure.seed - from + 1}`
}
