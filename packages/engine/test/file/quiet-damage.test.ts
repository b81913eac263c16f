/**
 * Damage that LMDB itself would not notice, and that would show another history than the one that was written.
 *
 * guards: D5
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DamagedError } from '../../src/errors.ts'
import { openFileEngine } from '../../src/file/index.ts'
import { DATA_FILE } from './damaged-store.ts'
import { PAGE_BYTES } from './damages.ts'

const TRANSACTION_AT = 152
const FREE_ROOT_AT = 88
const MAIN_ROOT_AT = 136
const LAST_PAGE_AT = 144
const HEADER_BYTES = 24
const NODE_BYTES = 8

const KEY = Buffer.from('key 1')
const LAST_ROUND = 8

const root = mkdtempSync(join(tmpdir(), 'tenure-quiet-'))
let bytes: Buffer

beforeAll(async () => {
  const engine = await openFileEngine(join(root, 'original'))
  const partition = await engine.claim('name', { id: 'writer', address: '' })
  for (let round = 0; round <= LAST_ROUND; round += 1) {
    const rows = Array.from({ length: 60 }, (_, row) => ({
      kind: 'put' as const,
      key: Buffer.from(`key ${row}`),
      value: Buffer.alloc(300 + 40 * round, round),
    }))
    await partition.commit(rows)
  }
  await engine.close()
  bytes = readFileSync(join(root, 'original', DATA_FILE))
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A copy of the store after `harm`. */
function damagedBy(harm: (data: Buffer) => void): string {
  const data = Buffer.from(bytes)
  harm(data)
  const directory = mkdtempSync(join(root, 'damaged-'))
  writeFileSync(join(directory, DATA_FILE), data)
  return directory
}

async function verdictAfter(harm: (data: Buffer) => void): Promise<unknown> {
  try {
    const engine = await openFileEngine(damagedBy(harm))
    await engine.close()
    return 'opened'
  } catch (error) {
    return error
  }
}

/** The round in which a row was written that every round writes. */
async function readIn(directory: string): Promise<number | undefined> {
  const engine = await openFileEngine(directory)
  const value = await engine.peek('name', KEY)
  await engine.close()
  return value?.[0]
}

/** The meta pages, the last state's first. */
function metas(data: Buffer): Buffer[] {
  const pages = [data.subarray(0, PAGE_BYTES), data.subarray(PAGE_BYTES, 2 * PAGE_BYTES)]
  return pages.toSorted((left, right) => (transactionOf(left) > transactionOf(right) ? -1 : 1))
}

function transactionOf(meta: Buffer | undefined): bigint {
  return meta?.readBigUInt64LE(TRANSACTION_AT) ?? 0n
}

function pageAt(data: Buffer, pointer: number): Buffer {
  const number = Number(metas(data)[0]?.readBigUInt64LE(pointer))
  return data.subarray(number * PAGE_BYTES, (number + 1) * PAGE_BYTES)
}

/** Where the node lies that a page names at this place. */
function nodeOf(page: Buffer, index: number): number {
  return HEADER_BYTES + page.readUInt16LE(HEADER_BYTES + 2 * index)
}

function shift(meta: Buffer | undefined, by: bigint): void {
  meta?.writeBigUInt64LE(transactionOf(meta) + by, TRANSACTION_AT)
}

test('the store opens as long as nobody harms it', async () => {
  expect(await verdictAfter(() => undefined)).toBe('opened')
})

test('the state before the last is not served when its number was raised', async () => {
  const verdict = await verdictAfter((data) => shift(metas(data)[1], 2n))
  expect(verdict).toBeInstanceOf(DamagedError)
})

test('the last state is served also when its number was lowered', async () => {
  const directory = damagedBy((data) => shift(metas(data)[0], -2n))
  expect(await readIn(directory)).toBe(LAST_ROUND)
  expect(readFileSync(join(directory, DATA_FILE)).compare(bytes)).toBe(0)
})

// LMDB writes so much of the earlier meta page back when the disk refuses the next one.
test('a state whose meta page was taken back is served, and may be written to', async () => {
  const directory = damagedBy((data) => {
    const [last, before] = metas(data)
    shift(last, -2n)
    last?.writeBigUInt64LE(before?.readBigUInt64LE(LAST_PAGE_AT) ?? 0n, LAST_PAGE_AT)
  })
  expect(await readIn(directory)).toBe(LAST_ROUND)
  const engine = await openFileEngine(directory)
  const partition = await engine.claim('name', { id: 'writer', address: '' })
  for (const value of [1, 2, 3]) {
    await partition.commit([{ kind: 'put', key: KEY, value: Buffer.alloc(9000, value) }])
  }
  await engine.close()
  expect(await readIn(directory)).toBe(3)
})

test('a store that lists a page in use as free is refused', async () => {
  const verdict = await verdictAfter((data) => {
    const list = pageAt(data, FREE_ROOT_AT)
    const node = nodeOf(list, 0)
    const record = node + NODE_BYTES + list.readUInt16LE(node + 6)
    const used = metas(data)[0]?.readBigUInt64LE(MAIN_ROOT_AT) ?? 0n
    list.writeBigUInt64LE(used, record + 8)
  })
  expect(verdict).toBeInstanceOf(DamagedError)
  expect(String(verdict)).toContain('in use and free')
})

test('a store that would look for a row in the wrong page is refused', async () => {
  const verdict = await verdictAfter((data) => {
    const branches = pageAt(data, MAIN_ROOT_AT)
    branches.writeUInt8(0, nodeOf(branches, 1) + NODE_BYTES)
  })
  expect(verdict).toBeInstanceOf(DamagedError)
  expect(String(verdict)).toContain('out of order')
})

test('a partition whose name was damaged does not start again as a new one', async () => {
  const verdict = await verdictAfter((data) => {
    const key = Buffer.from('\u0001name')
    for (let at = data.indexOf(key); at >= 0; at = data.indexOf(key, at + 1)) {
      data.write('n', at + key.length - 1)
    }
  })
  expect(verdict).toBeInstanceOf(DamagedError)
})

test('a partition without its counts does not start again as a new one', async () => {
  const verdict = await verdictAfter((data) => {
    const key = Buffer.from([2, 0, 0, 0, 0])
    const leaf = Buffer.concat([Buffer.from([5, 0]), key])
    for (let at = data.indexOf(leaf); at >= 0; at = data.indexOf(leaf, at + 1)) {
      data.writeUInt8(1, at + leaf.length - 1)
    }
  })
  expect(verdict).toBeInstanceOf(DamagedError)
})
