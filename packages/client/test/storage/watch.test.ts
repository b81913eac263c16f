/**
 * Watches of records, over every way to a server that has them.
 *
 * guards: K2
 */
import { prefix, type Record as StoredRecord, type Storage, type WatchBatch } from 'tenure'
import { expect, test } from 'vitest'
import { reading } from '../worlds.ts'
import { RECORD_WORLDS, storedWorld, text } from './stored-world.ts'

/** What a program that follows a watch knows. */
class Follower {
  readonly values = new Map<string, string>()
  version = 0n
  batches = 0

  take(batch: WatchBatch): void {
    expect(batch.version).toBeGreaterThanOrEqual(this.version)
    this.version = batch.version
    this.batches += 1
    if (batch.kind !== 'changes') {
      this.values.clear()
      for (const record of batch.records) this.#put(record)
      return
    }
    for (const change of batch.changes) {
      if (change.kind === 'put') this.#put(change.record)
      else this.values.delete(String(change.key))
    }
  }

  #put({ key, value }: StoredRecord): void {
    this.values.set(String(key), text(value))
  }
}

async function stateOf(storage: Storage, start: string): Promise<Map<string, string>> {
  const records = await storage.getRange(prefix(start))
  return new Map(records.map(({ key, value }) => [String(key), text(value)]))
}

test.for(RECORD_WORLDS)(
  'a watch begins with a snapshot and goes on with changes, in order, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const first = await storage.create({ key: 'a/1', value: 'x' })
    await storage.create({ key: 'b', value: 'x' })
    const watch = reading(storage.watch(prefix('a/')))
    expect(await watch.next()).toMatchObject({
      kind: 'snapshot',
      records: [{ key: 'a/1', version: first }],
    })
    const { version } = await storage.transact({
      then: [
        { kind: 'put', key: 'a/2', value: 'y' },
        { kind: 'delete', key: 'a/1' },
        { kind: 'put', key: 'b', value: 'y' },
      ],
    })
    const batch = await watch.next()
    expect(batch).toMatchObject({ kind: 'changes', version })
    const changes = batch.kind === 'changes' ? batch.changes : []
    expect(changes).toHaveLength(2)
    expect(changes).toContainEqual({ kind: 'deleted', key: 'a/1', version })
    expect(changes).toContainEqual({ kind: 'put', record: await storage.get('a/2') })
    await watch.stop()
  },
)

test.for(RECORD_WORLDS)('a range with two ends is watched with both, %s', async (kind) => {
  await using world = await storedWorld(kind)
  const { storage } = world
  const watch = reading(storage.watch({ start: 'a', end: 'b' }))
  expect(await watch.next()).toMatchObject({ kind: 'snapshot', records: [] })
  await storage.create({ key: 'b\0', value: '' })
  await storage.create({ key: 'b', value: '' })
  expect(await watch.next()).toMatchObject({ changes: [{ record: { key: 'b' } }] })
  await watch.stop()
})

test.for(RECORD_WORLDS)(
  'a watch from a version goes on after it, without a snapshot, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const version = await storage.create({ key: 'a', value: '1' })
    await storage.put({ key: 'a', value: '2' })
    const second = await storage.put({ key: 'a', value: '3' })
    const watch = reading(storage.watch(prefix(''), { fromVersion: version }))
    const batch = await watch.next()
    expect(batch).toMatchObject({ kind: 'changes', version: second })
    expect(batch.kind === 'changes' && batch.changes).toHaveLength(2)
    await watch.stop()
  },
)

test.for(RECORD_WORLDS)(
  'a slow reader misses nothing that counts: it ends in the stored state, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const follower = new Follower()
    const watch = reading(storage.watch(prefix('k')))
    follower.take(await watch.next())
    for (let turn = 0; turn < 20; turn += 1) {
      const writes = Array.from({ length: 20 }, (_, index) =>
        (index + turn) % 3 === 0
          ? storage.delete(`k${index}`).catch(() => undefined)
          : storage.put({ key: `k${index}`, value: `${turn}` }),
      )
      await Promise.all(writes)
      if (turn % 5 === 0) follower.take(await watch.next())
    }
    const last = await storage.put({ key: 'k', value: 'last' })
    while (follower.version < last) follower.take(await watch.next())
    expect(follower.values).toEqual(await stateOf(storage, 'k'))
    await watch.stop()
  },
)

test.for(RECORD_WORLDS)(
  'a watch of thousands of records begins with all of them, of one moment, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const keys = Array.from({ length: 2_300 }, (_, index) => `k${index}`)
    await Promise.all(keys.map((key) => storage.create({ key, value: '0' })))
    const follower = new Follower()
    const watch = reading(storage.watch(prefix('k')))
    const snapshot = watch.next()
    const writes = keys.slice(0, 200).map((key) => storage.put({ key, value: '1' }))
    follower.take(await snapshot)
    expect(follower.values.size).toBe(keys.length)
    const last = (await Promise.all(writes)).at(-1) ?? 0n
    while (follower.version < last) follower.take(await watch.next())
    expect(follower.values).toEqual(await stateOf(storage, 'k'))
    await watch.stop()
  },
)

test.for(RECORD_WORLDS)(
  'a watch ends by its signal, by break and by return, also while it waits, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const controller = new AbortController()
    const aborted = reading(storage.watch(prefix(''), {}, controller.signal))
    await aborted.next()
    const waiting = aborted.next()
    await storage.get('a').catch(() => undefined)
    controller.abort('enough')
    await expect(waiting).rejects.toBe('enough')

    const iterator = storage.watch(prefix(''))[Symbol.asyncIterator]()
    await iterator.next()
    const pending = iterator.next()
    await iterator.return?.()
    expect(await pending).toEqual({ done: true, value: undefined })
    expect(await iterator.next()).toEqual({ done: true, value: undefined })

    for await (const batch of storage.watch(prefix(''))) {
      expect(batch.kind).toBe('snapshot')
      break
    }
    const never = storage.watch(prefix(''), {}, AbortSignal.abort('before'))
    await expect(never[Symbol.asyncIterator]().next()).rejects.toBe('before')
  },
)

test.for(RECORD_WORLDS)(
  'a watch of a node that is dropped ends with NOT_FOUND, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage, client, path } = world
    const watch = reading(storage.watch(prefix('')))
    await watch.next()
    const next = watch.next()
    await storage.get('a').catch(() => undefined)
    await client.dropNode(path)
    await expect(next).rejects.toMatchObject({ code: 'NOT_FOUND' })
  },
)
