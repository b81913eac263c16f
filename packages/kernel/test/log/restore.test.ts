/**
 * Rows of the session log that cannot be: a kernel refuses them, when it is loaded or when it reads them.
 *
 * guards: D2, J2
 */
import { expect, test } from 'vitest'
import { InvariantError, KEY_RANGE_ALL, KEY_RANGE_LOADED, Kernel } from '@tenure/kernel'
import type { Entry, Reading } from '@tenure/kernel'
import { LogNode, append, handle, list, open, show, store, take, theme } from './log-node.ts'

const COUNTERS = 0x01
const THEMES = 0x50
const TOTALS = 0x51
const ACTIVE = 0x52
const RECORD = 0x53
const STORED = 0x54
const DEAD = 0x55
const PLACE = 0x56

/** Of themes 7 and 9: task 1.1 is active with records a and b, 1.2 is stored with one, 1.5 is dead. */
function node(): LogNode {
  const node = new LogNode()
  node.ask(theme(7))
  node.ask(theme(9, { repeatsMax: 0 }))
  node.ask(open(7, 'a'))
  node.ask(open(7, 'c'))
  node.ask(append('1.1', 'b'))
  node.ask(store('1.2', 5, 'why'))
  node.ask(open(9))
  node.ask(store('1.5'))
  return node
}

function all(from: LogNode): Entry[] {
  return from.store.scan(KEY_RANGE_ALL.start, KEY_RANGE_ALL.end)
}

function rows(): Entry[] {
  return all(node())
}

/** Which invariant a kernel misses; null when it is content. */
function broken(act: () => void): string | null {
  try {
    act()
    return null
  } catch (error) {
    if (error instanceof InvariantError) return error.id
    throw error
  }
}

function brokenBy(entries: readonly Entry[]): string | null {
  return broken(() => {
    const kernel = new Kernel()
    for (const entry of entries) {
      if (Buffer.compare(entry[0], KEY_RANGE_LOADED.end) < 0) kernel.load(entry)
    }
    kernel.start(0, 2n)
  })
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

/** A node whose stored rows were changed behind its back; a row is where its changed key says. */
function tampered(change: (entry: Entry) => void): LogNode {
  const one = node()
  for (const entry of all(one)) change(entry)
  one.store = one.store.copy()
  return one
}

test('what a kernel wrote of its log it takes back', () => {
  expect(brokenBy(rows())).toBe(null)
  expect(rows().map(([key]) => key[0])).toEqual([
    COUNTERS,
    0x02,
    0x10,
    0x10,
    THEMES,
    TOTALS,
    TOTALS,
    ACTIVE,
    RECORD,
    RECORD,
    RECORD,
    STORED,
    DEAD,
    PLACE,
    PLACE,
  ])
})

test('only what is few is loaded: neither records nor tasks that are stored or dead', () => {
  const loaded = rows().filter(([key]) => Buffer.compare(key, KEY_RANGE_LOADED.end) < 0)
  expect(loaded.map(([key]) => key[0]).filter((tag = 0) => tag > ACTIVE)).toEqual([])
  expect(loaded).toHaveLength(8)
})

test('I-8: a row of the log of another version, length or content is refused', () => {
  for (const tag of [THEMES, TOTALS, ACTIVE]) {
    expect(brokenBy(changed(tag, { at: 0, to: 2 })), `version of ${tag}`).toBe('I-8')
    for (const length of [0, 2, 16]) {
      const cut = rows().map(([key, value]): Entry => [
        key,
        key[0] === tag ? value.slice(0, length) : value,
      ])
      expect(brokenBy(cut), `length of ${tag}`).toBe('I-8')
    }
    const long = rows().map(([key, value]): Entry => [
      key[0] === tag ? new Uint8Array([...key, 0]) : key,
      value,
    ])
    expect(brokenBy(long), `key of ${tag}`).toBe('I-8')
  }
  expect(brokenBy(changed(TOTALS, { at: 1, to: 0xff }))).toBe('I-8')
  expect(brokenBy(changed(THEMES, { at: 4, to: 10 }))).toBe('I-8')
  expect(brokenBy(changed(ACTIVE, { at: 1, to: 0xff }))).toBe('I-8')
  const failed = rows().map(([key, value]): Entry => [
    key,
    key[0] === ACTIVE ? new Uint8Array([...value, 0xff]) : value,
  ])
  expect(brokenBy(failed)).toBe('I-8')
})

test('I-9: rows of a log without a node are refused', () => {
  expect(brokenBy(rows().filter(([key]) => key[0] !== 0x02 && key[0] !== 0x10))).toBe('I-9')
})

test('I-13: a task that the counter of commits has yet to give is refused', () => {
  expect(brokenBy(changed(COUNTERS, { at: 24, to: 0 }))).toBe('I-13')
  expect(brokenBy(changed(ACTIVE, { at: 8, to: 7, inKey: true }))).toBe('I-13')
  expect(brokenBy(changed(ACTIVE, { at: 8, to: 0, inKey: true }))).toBe('I-13')
  expect(brokenBy(changed(ACTIVE, { at: 32, to: 7 }))).toBe('I-13')
  expect(brokenBy(changed(ACTIVE, { at: 32, to: 0 }))).toBe('I-13')
})

test('I-16: a task, or a count of tasks, of a theme that is not configured is refused', () => {
  expect(brokenBy(rows().filter(([key]) => key[0] !== THEMES))).toBe('I-16')
  expect(brokenBy(changed(ACTIVE, { at: 12, to: 8 }))).toBe('I-16')
  expect(brokenBy(changed(TOTALS, { at: 4, to: 6, inKey: true }))).toBe('I-16')
  const placed = tampered(([key, value]) => {
    if (key[0] === PLACE) value[5] = 8
    if (key[0] === STORED) key[4] = 8
  })
  expect(broken(() => placed.ask(show('1.2')))).toBe('I-16')
})

test('I-17: a stored task is in memory where its place says', () => {
  const one = node()
  one.ask(store('1.1', 9))
  expect(broken(() => one.ask(show('1.2')))).toBe(null)
  for (const [key, value] of all(one)) {
    if (key[0] === STORED && value[8] === 2) key[12] = 0xff
    if (key[0] === PLACE && key[8] === 2) value[13] = 0xff
  }
  one.store = one.store.copy()
  expect(broken(() => one.ask(take('1.2')))).toBe('I-17')
})

test('I-18: records of a task that have a gap, or too few, are refused when they are read', () => {
  const gap = tampered(([key]) => {
    if (key[0] === RECORD && key[8] === 1 && key[12] === 1) key[12] = 2
  })
  expect(broken(() => gap.ask(show('1.1')))).toBe('I-18')
  gap.restart()
  expect(broken(() => gap.settle())).toBe('I-18')

  const few = node()
  for (const [key] of all(few)) {
    if (key[0] === RECORD && key[8] === 2) few.store.apply([{ kind: 'delete', key }])
  }
  expect(broken(() => few.ask(show('1.2')))).toBe('I-18')
  few.put(handle(7), 2n)
  expect(broken(() => few.wait(10))).toBe('I-18')
})

test('I-8: a row that is read when it is needed is understood whole, or refused', () => {
  const cuts: readonly [tag: number, act: (node: LogNode) => void][] = [
    [STORED, (one) => one.ask(show('1.2'))],
    [STORED, (one) => one.ask(list('stored'))],
    [DEAD, (one) => one.ask(list('dead'))],
    [PLACE, (one) => one.ask(show('1.2'))],
  ]
  for (const [tag, act] of cuts) {
    for (const length of [0, 1, 12]) {
      const one = node()
      for (const [key, value] of all(one)) {
        if (key[0] === tag) one.store.apply([{ kind: 'put', key, value: value.slice(0, length) }])
      }
      expect(
        broken(() => act(one)),
        `${tag}, ${length} bytes`,
      ).toBe('I-8')
    }
  }
  const turned = tampered(([key, value]) => {
    if (key[0] === STORED) value[28] = 9
  })
  expect(broken(() => turned.ask(show('1.2')))).toBe('I-8')
})

test('I-19: a reading that is none of the log is refused', () => {
  const { kernel } = node()
  const foreign: Reading = { range: KEY_RANGE_ALL, entriesMax: 1, bytesMax: 1 }
  expect(broken(() => kernel.supply(foreign, { entries: [], isWhole: true }, 0))).toBe('I-19')
})
