/**
 * A real server on a store that is too large to be checked before it serves: it serves at once, and ends when it comes upon a damaged page.
 *
 * guards: D5
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openFileEngine } from '@tenure/engine/file'
import { BuiltServer, NotServing } from '../../built-server.ts'
import type { Exit } from '../../built-server.ts'

const PAGE_BYTES = 4096
const KIND_AT = 18
const LEAF = 2
/** Two to a page, more pages than are checked before the store is used. */
const ROWS = 140_000
const COMMIT_ROWS = 5_000
const VALUE_BYTES = 1_900
const EXIT_DAMAGED = 65

const root = mkdtempSync(join(tmpdir(), 'tenure-large-'))
const store = join(root, 'store')
/** In the middle of the rows. */
const mark = Buffer.from(`row ${ROWS / 2}`)

beforeAll(async () => {
  const engine = await openFileEngine(store)
  const partition = await engine.claim('rows', { id: 'writer', address: '' })
  for (let from = 0; from < ROWS; from += COMMIT_ROWS) {
    const rows = Array.from({ length: COMMIT_ROWS }, (_, row) => ({
      kind: 'put' as const,
      key: Buffer.from(`row ${from + row}`),
      value: Buffer.alloc(VALUE_BYTES, row),
    }))
    await partition.commit(rows)
  }
  await engine.close()
}, 300_000)

afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Zeroes every leaf with this row: the one in use, and older ones that are free. */
function zeroLeavesOf(key: Buffer): number {
  const file = openSync(join(store, 'data.mdb'), 'r+')
  const page = Buffer.alloc(PAGE_BYTES)
  let zeroed = 0
  for (let at = 0; readSync(file, page, 0, PAGE_BYTES, at) === PAGE_BYTES; at += PAGE_BYTES) {
    if (page.readUInt16LE(KIND_AT) !== LEAF || !page.includes(key)) continue
    writeSync(file, Buffer.alloc(PAGE_BYTES), 0, PAGE_BYTES, at)
    zeroed += 1
  }
  closeSync(file)
  return zeroed
}

test('a large store is served, and found whole', async () => {
  const engine = await openFileEngine(store)
  try {
    const partition = await engine.claim('rows', { id: 'reader', address: '' })
    expect((await partition.get(mark))?.length).toBe(VALUE_BYTES)
    await engine.inspected
    await partition.confirm()
  } finally {
    await engine.close()
  }
})

test('a server that comes upon a damaged page of a large store ends with the name and the remedy', async () => {
  expect(zeroLeavesOf(mark)).toBeGreaterThan(0)
  const { exit, lines } = await end()
  expect(exit).toEqual({ code: EXIT_DAMAGED, signal: null })
  expect(lines.join('\n')).toMatch(/the store .* is damaged: .*Restore the directory/)
})

/** How a server ends: after it has served, or, when its start takes long, before that. */
async function end(): Promise<{ exit: Exit; lines: readonly string[] }> {
  try {
    await using server = await BuiltServer.start(store)
    return { exit: await server.exit, lines: server.lines }
  } catch (error) {
    if (!(error instanceof NotServing)) throw error
    return error
  }
}
