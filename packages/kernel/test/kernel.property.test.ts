/**
 * Random lives of a node, played against the kernel and a plain model side by side: every event, every description, every
 * deadline must agree, through restarts from what was written.
 */
import { check, defaultReportMessage, property } from 'fast-check'
import { expect, test } from 'vitest'
import { life } from './life.ts'
import { Twins } from './twins.ts'

const RUNS = Number(process.env['TENURE_PROPERTY_RUNS'] ?? 1_000)

// guards: X1, X2, X3, X4, X5, S1, S3, S6, D2, W1
test('any life of a node agrees with a plain model of it, through restarts', () => {
  const agrees = property(life, (moves) => {
    const twins = new Twins()
    for (const move of moves) twins.play(move)
  })
  const result = check(agrees, { numRuns: RUNS })
  // The message holds the seed and the shortest life in which they differ.
  expect(defaultReportMessage(result)).toBeUndefined()
})
