/**
 * An independent client on YDB's raw protocol, against the built server on disk, with kills, stops, pauses, cuts and stalls.
 *
 * `TENURE_TEST_SCALE=60` makes an hour of it. `TENURE_TEST_SEED` repeats the plan of a run.
 *
 * guards: L1, L2, X1, X2, X3, X4, X5, S1, S2, S3, S4, S6, S7, W1, W2, D2, M2
 */
import { expect, test } from 'vitest'
import { scaled } from '../../scale.ts'
import { freshSeed } from '../../seed.ts'
import { storm } from './storm.ts'

const EPOCH_MS = 13_000
/** Long enough for a lock of one who fell silent to come free: two pings, timeout and slack, and time before that to die. */
const FAIR_MS = 7_000
const EPOCHS = 3

test('no promise is broken in a storm', { timeout: 24 * 60 * 60 * 1000 }, async () => {
  const seed = freshSeed()
  const epochs = scaled(EPOCHS)
  const report = (line: string): void => {
    process.stderr.write(`storm, seed ${seed}, ${line}\n`)
  }
  const wrong = await storm({ seed, epochs, epochMs: EPOCH_MS, fairMs: FAIR_MS, crowd: 1, report })
  expect({ seed, wrong: wrong.join('\n\n') }).toEqual({ seed, wrong: '' })
})
