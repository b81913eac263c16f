/** Durations on the command line. */
import { expect, test } from 'vitest'
import { parseDuration } from '../../src/command/duration.ts'

test.for([
  ['500ms', 500],
  ['30s', 30_000],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['1.5s', 1_500],
  ['3', 3_000],
  ['0', 0],
] as const)('%s is %d ms', ([text, ms]) => {
  expect(parseDuration(text)).toBe(ms)
})

test.for(['', 's', '-1s', '1 s', '1d', '1e3', 'soon'])('"%s" is no duration', (text) => {
  expect(() => parseDuration(text)).toThrow('is not a duration')
})
