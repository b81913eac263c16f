/** How every property is checked: as often as the tier wants, from one seed that can be given back. */
import { check, defaultReportMessage } from 'fast-check'
import type { IAsyncProperty, IProperty } from 'fast-check'
import { scaled } from './scale.ts'

const given = process.env['TENURE_TEST_SEED']
const seed = given === undefined ? {} : { seed: Number(given) }

/** A run takes some milliseconds, and more in real time. One that takes so long waits for what never happens. */
const RUN_MS = 15_000

/** How long a property may take on a busy machine; by itself it takes seconds. */
export const BUSY_MS: number = scaled(300_000)

/**
 * Looks for a counterexample.
 *
 * @param runs in the commit tier and the full tier; `TENURE_TEST_SCALE` multiplies it
 * @returns the shortest one, with the seed that finds it again (`TENURE_TEST_SEED`); undefined when there is none
 */
export async function counterexample<T>(
  property: IProperty<T> | IAsyncProperty<T>,
  runs: number,
): Promise<string | undefined> {
  const outcome = await check(property, {
    numRuns: scaled(runs),
    timeout: RUN_MS,
    includeErrorInReport: true,
    ...seed,
  })
  return defaultReportMessage(outcome)
}
