/** The same lives of a session log as on every commit, many more of them. */
import { expect, test } from 'vitest'
import { BUSY_MS, counterexample } from '../../../../test/property.ts'
import { agreement } from '../log/life.ts'

// guards: J1, J2, J3, J4, J5, J6
test(
  'any of very many lives of a session log agrees with a plain model of it',
  { timeout: BUSY_MS },
  async () => {
    expect(await counterexample(agreement, 3_000)).toBeUndefined()
  },
)
