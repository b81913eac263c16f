/**
 * What a power loss can leave of the writes of one transaction: before its meta page is written any of its pages, whole or torn, and
 * nothing of that is ever seen; a disk that wrote the meta page first is found out.
 *
 * guards: D3, D5, L4
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WriteSet } from '@tenure/kernel'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Partition } from '../../src/engine.ts'
import { openFileEngine } from '../../src/file/index.ts'
import { scaled } from '../../../../test/scale.ts'
import { drawOf, freshSeed } from '../../../../test/seed.ts'
import { contentOf } from '../file/children/content.ts'
import { DATA_FILE, DamagedStore } from '../file/damaged-store.ts'
import { below, PAGE_BYTES } from '../file/damages.ts'

const COMMITS = 25
const LOSSES = scaled(300)
const SECTOR_BYTES = 512
const META_PAGES = 2

interface State {
  readonly bytes: Buffer
  readonly content: string
}

const seed = freshSeed()
const draw = drawOf(seed)
const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tenure-torn-'))
const states: State[] = []
let judge: DamagedStore

beforeAll(async () => {
  const engine = await openFileEngine(join(root, 'store'))
  const partition = await engine.claim('p', { id: 'writer', address: '' })
  for (let commit = 0; commit < COMMITS; commit += 1) {
    await change(partition, commit)
    const bytes = readFileSync(join(root, 'store', DATA_FILE))
    states.push({ bytes, content: await contentOf('p', partition) })
  }
  await engine.close()
  judge = await DamagedStore.make(async () => undefined)
})

afterAll(async () => {
  await judge[Symbol.asyncDispose]()
  rmSync(root, { recursive: true, force: true })
})

async function change(partition: Partition, commit: number): Promise<void> {
  const writes = Array.from({ length: 1 + below(draw, 80) }, () => {
    const key = Buffer.from(`key ${below(draw, 400)}`)
    if (draw() < 0.3) return { kind: 'delete' as const, key }
    const bytes = draw() < 0.05 ? 20_000 : below(draw, 500)
    return { kind: 'put' as const, key, value: Buffer.alloc(bytes, commit) }
  })
  const last = { kind: 'put' as const, key: Buffer.of(0), value: Buffer.of(commit) }
  await partition.commit([...writes, ...large(commit), last])
}

/** Together too much for the journal, so that the commit is one transaction of LMDB. */
function large(commit: number): WriteSet {
  return Array.from({ length: 12 }, (_, index) => ({
    kind: 'put',
    key: Buffer.from(`large ${index}`),
    value: Buffer.alloc(100_000, commit),
  }))
}

/** Two states that follow each other. */
function transaction(): { before: State; after: State } {
  const index = below(draw, states.length - 1)
  const [before, after] = states.slice(index, index + 2)
  if (before === undefined || after === undefined) throw new Error('there are no states')
  return { before, after }
}

/** The file before a transaction, with some of the pages that it wrote: whole, torn, or not. */
function someWritten({ before, after }: { before: State; after: State }): Buffer {
  const grown = after.bytes.length - before.bytes.length
  const data = Buffer.concat([before.bytes, Buffer.alloc(grown)])
  for (let at = META_PAGES * PAGE_BYTES; at < data.length; at += PAGE_BYTES) {
    const fate = draw()
    if (fate < 0.4) continue
    const sectors = fate < 0.6 ? below(draw, PAGE_BYTES / SECTOR_BYTES) : PAGE_BYTES / SECTOR_BYTES
    after.bytes.copy(data, at, at, at + sectors * SECTOR_BYTES)
  }
  const end = before.bytes.length + below(draw, 1 + grown / PAGE_BYTES) * PAGE_BYTES
  return draw() < 0.5 ? data : data.subarray(0, end)
}

test(`after each of ${LOSSES} losses before the meta page the state before is there, whole`, async () => {
  for (let loss = 0; loss < LOSSES; loss += 1) {
    const both = transaction()
    const found = await judge.found(someWritten(both), { seed, loss })
    expect({ seed, loss, found }).toEqual({ seed, loss, found: both.before.content })
  }
})

test(`after each of ${LOSSES} losses with the meta page too early the state after is there, or none`, async () => {
  let refused = 0
  for (let loss = 0; loss < LOSSES; loss += 1) {
    const both = transaction()
    const data = someWritten(both)
    both.after.bytes.copy(data, 0, 0, META_PAGES * PAGE_BYTES)
    const found = await judge.found(data, { seed, loss })
    expect([null, both.after.content]).toContain(found)
    if (found === null) refused += 1
  }
  expect(refused).toBeGreaterThan(0)
})
