/** Commits that are larger than what an engine writes in one go: as whole as any other. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import type { WriteSet } from '@tenure/kernel'
import type { CommitLimits, Engine } from '../engine.ts'
import { bytes, LATER, OWNER, put, read, removeRange, text } from './entries.ts'

/** For engines that write everything in one go. */
const OPERATIONS_MAX = 1_000
const BYTES_MAX = 6 * 1024 * 1024
const VALUE_BYTES = 256 * 1024

// guards: L4, D1, X6
export const largeCommitTests: Record<string, (engine: Engine) => Promise<void>> = {
  'a commit that is not written in one go is whole, and the next follows it': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    await partition.commit([put('old', ''), put('k0', 'old'), put('z', 'kept')])
    const rows = rowsOf(partition.limits)
    const large = [put('gone', ''), removeRange('a', 'p'), ...rows('1'), removeRange('k9', 'l')]
    const commits = [partition.commit(large), partition.commit([put('k0', 'next')])]
    await Promise.all(commits)
    const expected = rows('1')
      .map(({ key }) => text(key))
      .filter((key) => key < 'k9')
      .toSorted()
      .map((key) => `${key}=${key === 'k0' ? 'next' : '1'}`)
    deepEqual(await read(partition), [...expected, 'z=kept'])
  },

  'what is acknowledged of it is seen by whoever looks': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    const rows = rowsOf(partition.limits)
    for (const round of ['1', '2']) {
      const large = rows(round)
      await partition.commit(large)
      const { key } = large.at(-1) ?? put('', '')
      equal(text((await engine.peek('p', key)) ?? bytes('')), round)
      equal(text((await partition.get(key)) ?? bytes('')), round)
    }
  },

  'a commit of many bytes is whole': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    const count = Math.ceil(Math.min(partition.limits.batchBytes * 2.5, BYTES_MAX) / VALUE_BYTES)
    const writes = Array.from({ length: count }, (_, index) => {
      const value = new Uint8Array(VALUE_BYTES).fill(index + 1)
      return { kind: 'put', key: bytes(`k${100 + index}`), value } as const
    })
    const committed = partition.commit(writes)
    await committed
    for (const { value } of writes) value.fill(0)
    const found: number[] = []
    for await (const [, value] of partition.scan({ start: bytes('k'), end: bytes('l') })) {
      ok(value.length === VALUE_BYTES && value.every((byte) => byte === value[0]))
      found.push(value[0] ?? 0)
    }
    deepEqual(
      found,
      writes.map((_, index) => index + 1),
    )
  },

  'a claim finds each of them whole or not at all': async (engine) => {
    for (let round = 0; round < 4; round += 1) {
      const older = await engine.claim('p', OWNER)
      const rows = rowsOf(older.limits)
      await older.commit(rows('0'))
      const outcomes = Promise.allSettled(['1', '2', '3'].map((text) => older.commit(rows(text))))
      for (let turns = 0; turns < round * 3; turns += 1) await engine.ownerOf('p')
      const newer = await engine.claim('p', LATER)
      const values = new Set(
        (await read(newer)).map((entry) => entry.slice(entry.indexOf('=') + 1)),
      )
      const written = (await outcomes).filter(({ status }) => status === 'fulfilled').length
      equal(values.size, 1)
      ok(Number([...values][0]) >= written, `${written} were acknowledged, found ${[...values][0]}`)
      await newer.commit([removeRange('', '\xff')])
    }
  },
}

/** So many rows that one commit does not hold them, all with one value. */
function rowsOf({
  batchOperations,
}: CommitLimits): (value: string) => (WriteSet[number] & { kind: 'put' })[] {
  const count = Math.min(Math.ceil(batchOperations * 2.5), OPERATIONS_MAX)
  return (value) => Array.from({ length: count }, (_, index) => put(`k${index}`, value))
}
