/**
 * Random lives of a session log, played against the kernel and a plain model side by side: every answer, every hand-out with its records
 * and its place in the order, every second and every count must agree, through batches that are read while later steps have been
 * done, sessions that leave, a small memory, clocks that jump, crashes and restarts.
 */
import { expect, test } from 'vitest'
import { BUSY_MS, counterexample } from '../../../../test/property.ts'
import { agreement } from './life.ts'

// guards: J1, J2, J3, J4, J5, J6
// holds: S2-04, S2-05, S2-06, S2-07, S2-08, S2-09, S2-11, S2-12, S2-13, S2-14, S2-15, S2-16, S2-31
test(
  'any life of a session log agrees with a plain model of it',
  { timeout: BUSY_MS },
  async () => {
    expect(await counterexample(agreement, 60)).toBeUndefined()
  },
)
