/** Space that was given back is used again, and does not slow down whoever writes. */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine, Partition } from '../../src/engine.ts'
import { openFileEngine } from '../../src/file/index.ts'
import { DATA_FILE } from '../file/damaged-store.ts'

/** Two to a page. */
const ROWS = 340_000
const VALUE_BYTES = 1_900
const COMMIT_ROWS = 3_000
const LARGE_BYTES = 200_000
const LARGE_VALUES = 30
/** These take less than a tenth of it; with a list of all free pages several times as much. */
const LARGE_MAX_MS = 4_000

const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tenure-free-'))
let engine: Engine
let partition: Partition

beforeAll(async () => {
  engine = await openFileEngine(root)
  partition = await engine.claim('p', { id: 'writer', address: '' })
  await write(() => true)
}, 120_000)

afterAll(async () => {
  await engine.close()
  rmSync(root, { recursive: true, force: true })
})

function keyOf(row: number): Buffer {
  return Buffer.from(`row ${row.toString().padStart(7, '0')}`)
}

/** The rows of every second page, so that free pages lie everywhere, none beside another. */
function isScattered(row: number): boolean {
  return Math.floor(row / 2) % 2 === 0
}

async function write(which: (row: number) => boolean): Promise<void> {
  for (let from = 0; from < ROWS; from += COMMIT_ROWS) {
    const rows = Array.from({ length: COMMIT_ROWS }, (_, row) => from + row).filter(which)
    await partition.commit(
      rows.map((row) => ({ kind: 'put', key: keyOf(row), value: Buffer.alloc(VALUE_BYTES, row) })),
    )
  }
}

async function remove(which: (row: number) => boolean): Promise<void> {
  for (let from = 0; from < ROWS; from += COMMIT_ROWS) {
    const rows = Array.from({ length: COMMIT_ROWS }, (_, row) => from + row).filter(which)
    await partition.commit(rows.map((row) => ({ kind: 'delete', key: keyOf(row) })))
  }
}

function fileBytes(): number {
  return statSync(join(root, DATA_FILE)).size
}

test('large values are written quickly while very many pages are free', async () => {
  await remove(isScattered)
  const startedMs = performance.now()
  for (let large = 0; large < LARGE_VALUES; large += 1) {
    const value = Buffer.alloc(LARGE_BYTES, large)
    await partition.commit([{ kind: 'put', key: Buffer.from(`large ${large}`), value }])
  }
  expect(performance.now() - startedMs).toBeLessThan(LARGE_MAX_MS)
})

test('the space of rows that were removed is used again', async () => {
  const before = fileBytes()
  await write(isScattered)
  expect(fileBytes()).toBeLessThan(before * 1.05)
})
