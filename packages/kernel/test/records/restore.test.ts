/**
 * Rows of records, leases and their changes that cannot be: a kernel refuses them.
 *
 * guards: D2, K1
 */
import { expect, test } from 'vitest'
import { InvariantError, Kernel } from '@tenure/kernel'
import type { Entry } from '@tenure/kernel'
import { Desk, create, grant, put } from './desk.ts'

const COUNTERS = 0x01
const SESSION = 0x10
const CHANGE = 0x12
const RECORD = 0x30
const LEASE = 0x40

/** Lease 1 of session 1; records a (made by 2, replaced by 3, with the lease) and b (made by 4 as change 1 of session 2). */
function rows(): Entry[] {
  const desk = new Desk()
  desk.ask(grant(1_000n, true))
  desk.ask(create('a', 'x', { lease: 1n }))
  desk.ask(put('a', 'y'))
  desk.ask(create('b', 'z', { change: { serial: 1n, settledBelow: 1n } }), 2n)
  return desk.node.store.entries()
}

/** Which invariant a kernel misses in these rows; null when it is content. */
function broken(entries: readonly Entry[]): string | null {
  const kernel = new Kernel()
  try {
    for (const entry of entries) kernel.load(entry)
    kernel.start(0)
    return null
  } catch (error) {
    if (error instanceof InvariantError) return error.id
    throw error
  }
}

/** The rows with one byte of the first row of a kind replaced; in its key when that is said. */
function changed(tag: number, change: { at: number; to: number; inKey?: boolean }): Entry[] {
  const entries = rows()
  const [key, value] = entries.find(([one]) => one[0] === tag) ?? []
  const bytes = change.inKey === true ? key : value
  if (bytes === undefined) throw new Error(`no such row: ${tag}`)
  expect(bytes[change.at]).toBeTypeOf('number')
  bytes[change.at] = change.to
  return entries
}

test('what a kernel wrote of records it takes back', () => {
  expect(broken(rows())).toBe(null)
  expect(rows().map(([key]) => key[0])).toEqual([1, 2, 16, 16, 18, 48, 48, 64])
})

test('a row of counters from before there were records is understood', () => {
  const kernel = new Kernel()
  kernel.load([
    new Uint8Array([COUNTERS]),
    new Uint8Array([1, ...number(3), ...number(1), ...number(0)]),
  ])
  kernel.start(0)
  expect(kernel.commitNumber).toBe(0n)
})

test('I-5: a change of a session that is not there is refused', () => {
  const entries = rows().filter(([key]) => key[0] !== SESSION || key[8] !== 2)
  expect(broken(entries)).toBe('I-5')
})

test('I-8: a row of another version, length or content is refused', () => {
  for (const tag of [CHANGE, RECORD, LEASE]) {
    expect(broken(changed(tag, { at: 0, to: 2 })), `version of ${tag}`).toBe('I-8')
    const cut = rows().map(([key, value]): Entry => [
      key,
      key[0] === tag ? value.slice(0, 9) : value,
    ])
    expect(broken(cut), `length of ${tag}`).toBe('I-8')
  }
  for (const tag of [CHANGE, LEASE]) {
    const long = rows().map(([key, value]): Entry => [
      key,
      key[0] === tag ? new Uint8Array([...value, 0]) : value,
    ])
    expect(broken(long), `length of ${tag}`).toBe('I-8')
  }
  expect(broken(changed(CHANGE, { at: 1, to: 6 }))).toBe('I-8')
  expect(broken(withRow(LEASE, [1, ...number(0), ...number(0)]))).toBe('I-8')
  expect(broken(changed(LEASE, { at: 1, to: 0xff }))).toBe('I-8')
})

test('I-13: a version that the counter has yet to give is refused', () => {
  for (let commit = 0; commit < 4; commit++) {
    expect(broken(changed(COUNTERS, { at: 24, to: commit })), `commit ${commit}`).toBe('I-13')
  }
  expect(broken(changed(COUNTERS, { at: 24, to: 5 }))).toBe(null)
  expect(broken(changed(RECORD, { at: 8, to: 5 }))).toBe('I-13')
  expect(broken(changed(CHANGE, { at: 9, to: 5 }))).toBe('I-13')
  expect(broken(changed(CHANGE, { at: 9, to: 0 }))).toBe('I-13')
  expect(broken(changed(LEASE, { at: 8, to: 5, inKey: true }))).toBe('I-13')
  expect(broken(withRow(RECORD, [1, ...number(0), ...number(0), ...number(0)]))).toBe('I-13')
})

test('I-14: a record that was replaced before it was made, or has a later lease, is refused', () => {
  expect(broken(changed(RECORD, { at: 16, to: 4 }))).toBe('I-14')
  expect(broken(changed(RECORD, { at: 16, to: 0 }))).toBe('I-14')
  expect(broken(changed(RECORD, { at: 24, to: 3 }))).toBe('I-14')
})

test('I-15: a lease whose keeper is yet to come is refused', () => {
  expect(broken(changed(LEASE, { at: 16, to: 3 }))).toBe('I-15')
  expect(broken(changed(LEASE, { at: 16, to: 2 }))).toBe(null)
})

function withRow(tag: number, value: readonly number[]): Entry[] {
  return rows().map((entry): Entry =>
    entry[0][0] === tag ? [entry[0], new Uint8Array(value)] : entry,
  )
}

/** Eight bytes. */
function number(value: number): number[] {
  return [0, 0, 0, 0, 0, 0, 0, value]
}
