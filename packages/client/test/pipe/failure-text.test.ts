/** Why a handler has failed, as text of at most 1 KiB. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { failureTextOf } from '../../src/pipe/failure-text.ts'

test('an error is told by its name and its message, anything else by its text', () => {
  expect(failureTextOf(new RangeError('too far'))).toBe('RangeError: too far')
  expect(failureTextOf('no')).toBe('no')
  expect(failureTextOf(undefined)).toBe('undefined')
  expect(failureTextOf(Object.create(null))).toBe('it has thrown what has no text')
})

test('a long text is cut between two characters, at 1 KiB of UTF-8', () => {
  expect(failureTextOf('ä'.repeat(600))).toBe('ä'.repeat(512))
  expect(failureTextOf(`x${'ä'.repeat(600)}`)).toBe(`x${'ä'.repeat(511)}`)
  const characters = fc.array(fc.constantFrom('a', 'ä', '€', '😀'), {
    minLength: 300,
    maxLength: 600,
    size: 'max',
  })
  fc.assert(
    fc.property(characters, (some) => {
      const text = some.join('')
      const failure = failureTextOf(text)
      expect(Buffer.byteLength(failure)).toBeLessThanOrEqual(1024)
      expect(text.startsWith(failure)).toBe(true)
    }),
    { numRuns: 30 },
  )
})

test('half of a surrogate pair does not keep the text from being told', () => {
  expect(failureTextOf('a\uD800b')).toBe('a\uFFFDb')
})
