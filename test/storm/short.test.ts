/**
 * A short storm: a few sessions, two seconds of faults, fair weather, judgement. The long one is in the full tier.
 *
 * guards: X1, X3, S1, S6, W1, L1, D2
 */
import { expect, test } from 'vitest'
import { storm } from '../full/storm/storm.ts'
import { freshSeed } from '../seed.ts'

const EPOCH_MS = 2_000
const CROWD = 0.25

test('no promise is broken in a short storm', { timeout: 60_000 }, async () => {
  const seed = freshSeed()
  const lines: string[] = []
  const report = (line: string): void => {
    lines.push(line)
  }
  const wrong = await storm({ seed, epochs: 1, epochMs: EPOCH_MS, fairMs: 0, crowd: CROWD, report })
  expect({ seed, wrong: wrong.join('\n\n') }).toEqual({ seed, wrong: '' })
  expect(lines).toHaveLength(1)
})
