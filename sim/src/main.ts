/**
 * The command of the storm.
 *
 *   npm run sim -- --seed 7              one run again, with all that happened in it
 *   npm run sim -- --seeds 20000         many runs on all cores, until the first failure
 *   npm run sim -- --mutants             whether every planted bug is found
 */
import { parseArgs } from 'node:util'
import { replay } from './command/replay.ts'
import { sweep } from './command/sweep.ts'
import { tryMutants } from './mutants/trial.ts'

const SEEDS = 500
/** A planted bug must be found within so many. */
const MUTANT_SEEDS = 2_000

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    marks: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
})

process.exitCode = (await act()) ? 0 : 1

function act(): Promise<boolean> {
  if (values.seed !== undefined) return replay(wholeOf(values.seed, '--seed'))
  const from = wholeOf(values.from, '--from')
  if (values.mutants) {
    const seeds = wholeOf(values.seeds ?? String(MUTANT_SEEDS), '--seeds')
    return tryMutants({ from, seeds, only: values.only ?? null })
  }
  const seeds = wholeOf(values.seeds ?? String(SEEDS), '--seeds')
  return sweep({ from, seeds, wantsMarks: values.marks })
}

function wholeOf(text: string, option: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= 0) return number
  throw new RangeError(`${option} wants a whole number, got "${text}"`)
}
