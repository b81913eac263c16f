/**
 * The numbers of a session's changes.
 *
 * guards: L2
 */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DoneChanges, RUNS_MAX } from '../src/done-changes.ts'
import { decodeChanges, encodeChanges } from '../src/rows/changes-row.ts'

test('numbers in any order are remembered, in as few runs as there can be', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat({ max: 40 }).map((n) => BigInt(n + 1))), (serials) => {
      const done = new DoneChanges()
      for (const serial of serials) done.add({ serial, settledBelow: 1n })
      const known = new Set(serials)
      for (let serial = 1n; serial < 50n; serial += 1n) {
        expect(done.has(serial)).toBe(known.has(serial))
      }
      const begins = serials.filter((serial) => !known.has(serial - 1n))
      expect(done.runs.length).toBe(begins.length)
    }),
  )
})

test('what is settled is forgotten as far as it stands apart', () => {
  const done = new DoneChanges()
  done.add({ serial: 1n, settledBelow: 1n })
  done.add({ serial: 3n, settledBelow: 1n })
  done.add({ serial: 5n, settledBelow: 3n })
  expect(done.runs).toEqual([
    { first: 3n, last: 3n },
    { first: 5n, last: 5n },
  ])
})

test('there is room for many gaps, but not for any number of them', () => {
  const done = new DoneChanges()
  for (let at = 0; at < RUNS_MAX; at += 1) {
    expect(done.hasRoom).toBe(true)
    done.add({ serial: BigInt(at * 2 + 1), settledBelow: 1n })
  }
  expect(done.hasRoom).toBe(false)
})

test('the row holds the runs, and nothing else can be read from it', () => {
  const runs = [
    { first: 2n, last: 7n },
    { first: 9n, last: 2n ** 64n - 1n },
  ]
  const row = encodeChanges(runs)
  expect(decodeChanges(row)).toEqual(runs)
  expect(() => decodeChanges(row.subarray(0, 20))).toThrow('I-8')
  expect(() => decodeChanges(encodeChanges([]))).toThrow('I-8')
  expect(() => decodeChanges(encodeChanges([...runs, { first: 3n, last: 4n }]))).toThrow('I-8')
})
