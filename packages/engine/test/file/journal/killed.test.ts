/**
 * What a kill or a power loss leaves of the journal is all that was acknowledged; what harm leaves of it is that, or is refused.
 *
 * guards: D1, D2, D3, D5, L4
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine, Partition } from '../../../src/engine.ts'
import { openFileEngine } from '../../../src/file/index.ts'
import { SECTOR_BYTES } from '../../../src/file/journal/sectors.ts'
import { drawOf, freshSeed } from '../../../../../test/seed.ts'
import { contentOf } from '../children/content.ts'
import { below, flip } from '../damages.ts'
import { filesOf, foundAfterTwoDeaths, foundIn, isSameData, newFolder } from './killed-store.ts'
import type { Files } from './killed-store.ts'

const COMMITS = 30
const TIMES = 20

interface State {
  readonly files: Files
  readonly content: string
}

const seed = freshSeed()
const draw = drawOf(seed)
const folder = newFolder()
const states: State[] = []
let engine: Engine

beforeAll(async () => {
  const directory = join(folder, 'store')
  engine = await openFileEngine(directory)
  const partition = await engine.claim('p', { id: 'writer', address: '' })
  for (let commit = 0; commit < COMMITS; commit += 1) {
    await change(partition, commit)
    states.push({ files: filesOf(directory), content: await contentOf('p', partition) })
  }
})

afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

async function change(partition: Partition, commit: number): Promise<void> {
  const writes = Array.from({ length: 1 + below(draw, 12) }, () => {
    const key = Buffer.from(`key ${below(draw, 100)}`)
    if (draw() < 0.3) return { kind: 'delete' as const, key }
    return { kind: 'put' as const, key, value: Buffer.alloc(below(draw, 400), commit) }
  })
  const [start, end] = [Buffer.from('key 5'), Buffer.from('key 6')]
  const cleared = draw() < 0.2 ? [{ kind: 'delete-range' as const, start, end }] : []
  await partition.commit([
    ...writes,
    ...cleared,
    { kind: 'put', key: Buffer.of(0), value: Buffer.of(commit) },
  ])
}

function stateAt(index: number): State {
  const state = states.at(index)
  if (state === undefined) throw new Error(`there is no state ${index}`)
  return state
}

function journalOf(files: Files): Buffer {
  return Buffer.from(files['journal-0'] ?? '')
}

/** The sectors in which two journals differ. */
function changedSectors(before: Buffer, after: Buffer): number[] {
  const changed: number[] = []
  for (let at = 0; at < after.length; at += SECTOR_BYTES) {
    const end = at + SECTOR_BYTES
    if (!before.subarray(at, end).equals(after.subarray(at, end))) changed.push(at)
  }
  return changed
}

test('the commits are in the journal alone', () => {
  expect(states.every(({ files }) => isSameData(files, stateAt(0).files))).toBe(true)
})

test('after a kill at any moment all is there, and after another one', async () => {
  for (const [commit, { files, content }] of states.entries()) {
    const found = [await foundIn(files), await foundAfterTwoDeaths(files)]
    expect({ seed, commit, found }).toEqual({ seed, commit, found: [content, content] })
  }
})

test('of a commit that a power loss cut off nothing is seen, and what was before is whole', async () => {
  for (let time = 0; time < TIMES; time += 1) {
    const index = below(draw, states.length - 1)
    const [before, after] = [stateAt(index), stateAt(index + 1)]
    const journal = journalOf(before.files)
    const written = journalOf(after.files)
    const sectors = changedSectors(journal, written)
    const lost = below(draw, sectors.length)
    for (const [at, sector] of sectors.entries()) {
      if (at !== lost && draw() < 0.7) written.copy(journal, sector, sector, sector + SECTOR_BYTES)
    }
    const found = await foundIn({ ...before.files, 'journal-0': journal })
    expect({ seed, time, found }).toEqual({ seed, time, found: before.content })
  }
})

test('a write that was acknowledged and is not there is found out by what was written after it', async () => {
  for (let time = 0; time < TIMES; time += 1) {
    const index = below(draw, states.length - 2)
    const [before, after, last] = [stateAt(index), stateAt(index + 1), stateAt(-1)]
    const journal = journalOf(last.files)
    const sectors = changedSectors(journalOf(before.files), journalOf(after.files))
    const at = sectors[below(draw, sectors.length)] ?? 0
    journalOf(before.files).copy(journal, at, at, at + SECTOR_BYTES)
    const found = await foundIn({ ...last.files, 'journal-0': journal })
    expect({ seed, time, found }).toEqual({ seed, time, found: null })
  }
})

test('a flipped bit anywhere in the journal is found out', async () => {
  const { files } = stateAt(-1)
  for (let time = 0; time < TIMES; time += 1) {
    const name = `journal-${below(draw, 2)}`
    const bytes = Buffer.from(files[name] ?? '')
    const at = time < TIMES / 2 ? below(draw, bytes.length) : lastByte(files) - below(draw, 600)
    const [harmed, where] = time < TIMES / 2 ? [name, at] : ['journal-0', at]
    const data = flip(Buffer.from(files[harmed] ?? ''), where, below(draw, 8))
    const found = await foundIn({ ...files, [harmed]: data })
    expect({ seed, harmed, where, found }).toEqual({ seed, harmed, where, found: null })
  }
})

/** The last byte of the last commit. */
function lastByte(files: Files): number {
  const sectors = changedSectors(journalOf(stateAt(-2).files), journalOf(files))
  return (sectors.at(-1) ?? 0) + SECTOR_BYTES - 1
}

const harms: readonly {
  readonly name: string
  readonly harm: (journal: Buffer) => Buffer | null
}[] = [
  { name: 'is gone', harm: () => null },
  { name: 'is empty', harm: () => Buffer.alloc(0) },
  { name: 'was cut', harm: (journal) => journal.subarray(0, -SECTOR_BYTES) },
  { name: 'was cut within a sector', harm: (journal) => journal.subarray(0, -100) },
  {
    name: 'has garbage at its end',
    harm: (journal) => Buffer.concat([journal, Buffer.alloc(SECTOR_BYTES, 7)]),
  },
  { name: 'has a sector of zeros', harm: (journal) => journal.fill(0, 0, SECTOR_BYTES) },
  {
    name: 'has zeros for its last sector',
    harm: (journal) => journal.fill(0, journal.length - SECTOR_BYTES),
  },
  {
    name: 'has sectors in each other’s places',
    harm: (journal) => {
      const first = Buffer.from(journal.subarray(0, SECTOR_BYTES))
      journal.copy(journal, 0, SECTOR_BYTES, 2 * SECTOR_BYTES)
      first.copy(journal, SECTOR_BYTES)
      return journal
    },
  },
]

test.for(harms)('a journal that $name is found out', async ({ harm }) => {
  const { files } = stateAt(-1)
  const harmed = harm(journalOf(files))
  const left = Object.entries(files).filter(([name]) => name !== 'journal-0')
  const found = await foundIn({
    ...Object.fromEntries(left),
    ...(harmed === null ? {} : { 'journal-0': harmed }),
  })
  expect(found).toBe(null)
})

test('the journal of another store is found out', async () => {
  const other = join(folder, 'other')
  const writer = await openFileEngine(other)
  const partition = await writer.claim('p', { id: 'writer', address: '' })
  await change(partition, 0)
  const { 'journal-0': first, 'journal-1': second } = filesOf(other)
  await writer.close()
  const found = await foundIn({
    ...stateAt(-1).files,
    'journal-0': first ?? Buffer.alloc(0),
    'journal-1': second ?? Buffer.alloc(0),
  })
  expect(found).toBe(null)
})

test('a journal that was not begun yet is no harm', async () => {
  const directory = join(folder, 'closed')
  const writer = await openFileEngine(directory)
  const partition = await writer.claim('p', { id: 'writer', address: '' })
  await change(partition, 0)
  const content = await contentOf('p', partition)
  await writer.close()
  const closed = filesOf(directory)
  expect(Object.keys(closed).toSorted()).toEqual(['data.mdb', 'tenure-store'])
  const { 'journal-0': unused = Buffer.alloc(0) } = stateAt(-1).files
  expect(
    await foundIn({ ...closed, 'journal-0': unused, 'journal-1.new': unused.subarray(0, 99) }),
  ).toBe(content)
})
