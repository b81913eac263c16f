/**
 * A store too large to be checked when it is opened is checked while it is used: nobody is served from a page that was not checked,
 * and what is wrong anywhere ends the use.
 *
 * guards: D5
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { drawOf, freshSeed } from '../../../../test/seed.ts'
import type { Partition } from '../../src/engine.ts'
import { DamagedError } from '../../src/errors.ts'
import { openFileEngine } from '../../src/file/index.ts'
import type { FileEngine } from '../../src/file/index.ts'
import { Inspection } from '../../src/file/inspection.ts'
import * as layout from '../../src/file/layout.ts'
import { contentOf } from './children/content.ts'
import { DATA_FILE } from './damaged-store.ts'
import { below, PAGE_BYTES } from './damages.ts'

const OWNER = { id: 'writer', address: '' }
const ROWS = 6_000
const VALUE_BYTES = 100
/** In a meta page: how many entries the main tree has. */
const ENTRIES_AT = 128
const LATE = ROWS - 10
/** In the large partition, in a region of its own. */
const FEW = Buffer.from('few')
/** What is checked before it is used: the few rows of the large partition, and all of the small one. */
const LIMITS = { filePagesMax: 0, partitionPagesMax: 50 }
/** The check of the rest goes on with the next turn of the event loop, and what is written on the calling thread takes none. */
const CALLING_THREAD = { inspected: LIMITS, blockingMaxMs: Infinity }
const OTHER_THREAD = { inspected: LIMITS, blockingMaxMs: 0 }

const LMDB = { keyEncoding: 'binary', encoding: 'binary', cache: false } as const

const root = mkdtempSync(join(tmpdir(), 'tenure-inspection-'))
let bytes: Buffer

beforeAll(async () => {
  const engine = await openFileEngine(join(root, 'original'))
  const large = await engine.claim('large', OWNER)
  for (let from = 0; from < ROWS; from += 500) {
    await large.commit(Array.from({ length: 500 }, (_, row) => put(from + row, 1)))
  }
  await large.commit([{ kind: 'put', key: FEW, value: Buffer.alloc(VALUE_BYTES, 1) }])
  const small = await engine.claim('small', OWNER)
  await small.commit(Array.from({ length: 300 }, (_, row) => put(row, 2)))
  await engine.close()
  bytes = readFileSync(join(root, 'original', DATA_FILE))
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

function keyOf(row: number): Buffer {
  return Buffer.from(`row ${row.toString().padStart(6, '0')}`)
}

function put(row: number, fill: number): { kind: 'put'; key: Buffer; value: Buffer } {
  return { kind: 'put', key: keyOf(row), value: Buffer.alloc(VALUE_BYTES, fill) }
}

/** A store in use, of which nothing more is checked than what is used, until all the rest is asked for. */
interface Opened extends FileEngine, AsyncDisposable {
  rest(): Promise<void>
}

/** The store after `harm`. */
async function opened(harm: (data: Buffer) => void = () => undefined): Promise<Opened> {
  const data = Buffer.from(bytes)
  harm(data)
  const directory = mkdtempSync(join(root, 'copy-'))
  writeFileSync(join(directory, DATA_FILE), data)
  let begin: (() => void) | undefined
  const beginning = new Promise<void>((resolve) => (begin = resolve))
  const inspected = { ...LIMITS, turn: () => beginning }
  const engine = await openFileEngine(directory, { inspected, blockingMaxMs: Infinity })
  const rest = (): Promise<void> => {
    begin?.()
    return engine.inspected
  }
  const end = async (): Promise<void> => {
    begin?.()
    await engine.close()
  }
  return Object.assign(engine, { rest, [Symbol.asyncDispose]: end })
}

/** Where the rows with this key begin in the file: the one in use, and older ones in free pages. */
function placesOf(data: Buffer, key: Buffer): number[] {
  const places: number[] = []
  for (let at = data.indexOf(key); at >= 0; at = data.indexOf(key, at + 1)) places.push(at)
  return places
}

function spoilValue(data: Buffer, partition: number, row: number): void {
  const key = layout.rowKey(partition, keyOf(row))
  for (const at of placesOf(data, key)) data.writeUInt8(9, at + 40)
}

/** Like a write that the disk lost: the row is whole, and not the last that was written. */
function replaceValue(data: Buffer, key: Buffer): void {
  const row = layout.rowKey(0, key)
  const sealed = layout.seal(row, Buffer.alloc(VALUE_BYTES, 7))
  for (const at of placesOf(data, row)) sealed.copy(data, at + row.length)
}

function zeroPageOf(data: Buffer, row: number): void {
  for (const at of placesOf(data, layout.rowKey(0, keyOf(row)))) {
    const start = at - (at % PAGE_BYTES)
    data.fill(0, start, start + PAGE_BYTES)
  }
}

test('a whole store is served at once, and found whole', async () => {
  await using engine = await opened()
  const large = await engine.claim('large', OWNER)
  expect((await large.get(keyOf(LATE)))?.[0]).toBe(1)
  await engine.rest()
  await large.commit([put(LATE, 3)])
  expect(engine.failed?.aborted).toBe(false)
})

test('a damaged row in the late part of a large partition ends the use of the partition, and of no other', async () => {
  await using engine = await opened((data) => spoilValue(data, 0, LATE))
  const large = await engine.claim('large', OWNER)
  await large.commit([put(0, 3)])
  expect((await large.get(keyOf(0)))?.[0]).toBe(3)
  await engine.rest()
  await expect(large.get(keyOf(0))).rejects.toThrow(DamagedError)
  await expect(large.commit([put(0, 4)])).rejects.toThrow('a row of partition "large"')
  await expect(large.confirm()).rejects.toThrow(DamagedError)
  await expect(engine.claim('large', OWNER)).rejects.toThrow(DamagedError)
  const small = await engine.claim('small', OWNER)
  await small.commit([put(0, 3)])
})

test('a row that is whole and not the last that was written ends the use of its partition', async () => {
  await using engine = await opened((data) => replaceValue(data, keyOf(LATE)))
  const large = await engine.claim('large', OWNER)
  await engine.rest()
  await expect(large.confirm()).rejects.toThrow('partition "large" fails its digest')
})

test('the small regions of a large partition are checked whole before it is claimed', async () => {
  await using engine = await opened((data) => replaceValue(data, FEW))
  await expect(engine.claim('large', OWNER)).rejects.toThrow('partition "large" fails its digest')
})

test('a store whose partitions tell nothing of regions is checked whole by the first claim, and has them then', async () => {
  const directory = mkdtempSync(join(root, 'first-'))
  writeFileSync(join(directory, DATA_FILE), bytes)
  const before = await forgetRegions(directory)
  const engine = await openFileEngine(directory, CALLING_THREAD)
  const large = await engine.claim('large', OWNER)
  await large.commit([put(1, 2), { kind: 'delete', key: keyOf(2) }, put(ROWS, 1)])
  await large.commit([put(2, 1), put(1, 1), { kind: 'delete', key: keyOf(ROWS) }])
  await engine.close()
  expect(await regionsOf(directory)).toEqual(before)
  const data = readFileSync(join(directory, DATA_FILE))
  replaceValue(data, FEW)
  writeFileSync(join(directory, DATA_FILE), data)
  await using again = disposable(await openFileEngine(directory, CALLING_THREAD))
  await expect(again.claim('large', OWNER)).rejects.toThrow('partition "large" fails its digest')
})

test.for(['reading', 'writing'] as const)(
  'what %s has checked for one key it does not take for checked elsewhere',
  async (use) => {
    const data = Buffer.from(bytes)
    zeroPageOf(data, LATE)
    const directory = mkdtempSync(join(root, 'keys-'))
    writeFileSync(join(directory, DATA_FILE), data)
    const inspection = await Inspection.begin(directory, DATA_FILE, LIMITS)
    const [early, late] = [0, LATE].map((row) => layout.rowKey(0, keyOf(row)))
    for (let time = 1; time <= 2; time++) inspection[use](early!, early!)
    expect(() => inspection[use](late!, late!)).toThrow(DamagedError)
    await inspection.close()
  },
)

test('a page that LMDB could not be trusted with ends the use of the store', async () => {
  await using engine = await opened((data) => zeroPageOf(data, LATE))
  const large = await engine.claim('large', OWNER)
  await engine.rest()
  expect(engine.failed?.reason).toBeInstanceOf(DamagedError)
  await expect(large.get(keyOf(0))).rejects.toThrow(DamagedError)
  await expect(engine.claim('small', OWNER)).rejects.toThrow(DamagedError)
})

test('a store that LMDB says has more rows is refused, also when opening it reads all there are', async () => {
  const directory = mkdtempSync(join(root, 'tiny-'))
  const engine = await openFileEngine(directory)
  await engine.claim('tiny', OWNER)
  await engine.close()
  const path = join(directory, DATA_FILE)
  const data = readFileSync(path)
  for (const page of [0, PAGE_BYTES]) data.writeUInt8(9, page + ENTRIES_AT)
  writeFileSync(path, data)
  await expect(openFileEngine(directory)).rejects.toThrow(DamagedError)
  await expect(openFileEngine(directory, CALLING_THREAD)).rejects.toThrow(DamagedError)
})

const uses: Record<string, (partition: Partition) => Promise<unknown>> = {
  'reads a row': (partition) => partition.get(keyOf(LATE)),
  'reads a range': (partition) => contentOf('large', partition),
  'replaces a row': (partition) => partition.commit([put(LATE, 3)]),
  'removes a row': (partition) => partition.commit([{ kind: 'delete', key: keyOf(LATE) }]),
  'removes a range': (partition) =>
    partition.commit([{ kind: 'delete-range', start: keyOf(1), end: keyOf(ROWS) }]),
}

test.for(Object.entries(uses))('whoever %s meets no page that was not checked', async ([, use]) => {
  await using engine = await opened((data) => zeroPageOf(data, LATE))
  const large = await engine.claim('large', OWNER)
  await expect(use(large)).rejects.toThrow('page')
  expect(engine.failed?.reason).toBeInstanceOf(DamagedError)
})

test('a small partition is checked whole before it is claimed', async () => {
  await using engine = await opened((data) => spoilValue(data, 1, 250))
  await expect(engine.claim('small', OWNER)).rejects.toThrow(DamagedError)
  const large = await engine.claim('large', OWNER)
  await engine.rest()
  await large.commit([put(LATE, 3)])
})

test('a store that is closed meanwhile is checked from the beginning the next time', async () => {
  const engine = await opened((data) => spoilValue(data, 0, LATE))
  await engine.claim('large', OWNER)
  await engine[Symbol.asyncDispose]()
  await engine.inspected
  const directory = engine.name.slice('file '.length)
  await using again = disposable(await openFileEngine(directory, CALLING_THREAD))
  await again.inspected
  await expect(again.claim('large', OWNER)).rejects.toThrow(DamagedError)
})

const threads = [
  { thread: 'the calling thread', options: CALLING_THREAD },
  { thread: 'the other thread', options: OTHER_THREAD },
]

test.for(threads)(
  'whatever is changed meanwhile on $thread, a whole store is found whole',
  async ({ options }) => {
    const seed = freshSeed()
    const draw = drawOf(seed)
    const directory = mkdtempSync(join(root, 'busy-'))
    writeFileSync(join(directory, DATA_FILE), bytes)
    for (let round = 0; round < 3; round += 1) {
      const engine = await openFileEngine(directory, options)
      const large = await engine.claim('large', OWNER)
      let isOver = false
      void engine.inspected.then(() => (isOver = true))
      for (let commits = below(draw, 40); commits > 0; commits -= 1) await change(large, draw)
      while (!isOver) {
        await change(large, draw)
        await new Promise(setImmediate)
      }
      expect({ seed, failure: engine.failed?.reason }).toEqual({ seed, failure: undefined })
      const content = await contentOf('large', large)
      await engine.close()
      await using whole = disposable(await openFileEngine(directory))
      expect(await contentOf('large', await whole.claim('large', OWNER))).toBe(content)
    }
  },
)

async function regionsOf(directory: string): Promise<layout.Meta['regions']> {
  const database = open<Buffer, Uint8Array>(join(directory, DATA_FILE), LMDB)
  const sealed = database.getBinary(layout.metaKey(0))
  await database.close()
  const content = sealed === undefined ? null : layout.unseal(layout.metaKey(0), sealed)
  return content === null ? null : layout.decodeMeta(content).regions
}

/** @returns the regions that the large partition had */
async function forgetRegions(directory: string): Promise<layout.Meta['regions']> {
  const regions = await regionsOf(directory)
  const database = open<Buffer, Uint8Array>(join(directory, DATA_FILE), LMDB)
  for (const key of [layout.metaKey(0), layout.metaKey(1)]) {
    const content = layout.unseal(key, database.getBinary(key) ?? Buffer.alloc(0))
    if (content === null) throw new Error('there is no meta row')
    const meta = { ...layout.decodeMeta(content), regions: null }
    await database.put(key, layout.seal(key, layout.encodeMeta(meta)))
  }
  await database.close()
  return regions
}

/** Rows here and there are replaced by smaller, larger and huge ones, removed, and removed many at a time. */
async function change(partition: Partition, draw: () => number): Promise<void> {
  const writes = Array.from({ length: 1 + below(draw, 20) }, () => {
    const row = below(draw, ROWS)
    const kind = draw()
    if (kind < 0.4) return { kind: 'delete' as const, key: keyOf(row) }
    if (kind < 0.6) {
      const end = keyOf(row + below(draw, 400))
      return { kind: 'delete-range' as const, start: keyOf(row), end }
    }
    const valueBytes = kind < 0.65 ? 9_000 : below(draw, 300)
    return { kind: 'put' as const, key: keyOf(row), value: Buffer.alloc(valueBytes, row) }
  })
  await partition.commit(writes)
}

function disposable(engine: FileEngine): FileEngine & AsyncDisposable {
  return Object.assign(engine, { [Symbol.asyncDispose]: () => engine.close() })
}
