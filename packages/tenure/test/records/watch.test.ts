/** Watching a range: what is there first, then every change, in the order of versions. */
import { type Key, prefix, type RecordChange, type WatchBatch } from 'tenure'
import { expect, test } from 'vitest'
import { failure, fill, keysOf, openWorld, PATH, SCHEMES } from './worlds.ts'

/** An iteration of which a test takes item after item. */
async function next(batches: AsyncIterator<WatchBatch>): Promise<WatchBatch> {
  const result = await batches.next()
  if (result.done === true) throw new Error('the watch has ended')
  return result.value
}

function changesOf(batch: WatchBatch): readonly RecordChange[] {
  if (batch.kind === 'changes') return batch.changes
  throw new Error(`a ${batch.kind} is no change`)
}

function keyOf(change: RecordChange): Key {
  return change.kind === 'put' ? change.record.key : change.key
}

test.for(SCHEMES)('a watch begins with what is there, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const versions = await fill(storage, 'b', 'a', 'x')
  const watch = storage.watch({ start: 'a', end: 'b' })[Symbol.asyncIterator]()
  const first = await next(watch)
  expect(first).toMatchObject({ kind: 'snapshot', version: versions.at(-1) })
  expect(first.kind === 'snapshot' && keysOf(first.records)).toEqual(['a', 'b'])
  await watch.return?.()
})

// guards: K1
test.for(SCHEMES)(
  'a watch tells of every change in its range, and of no other, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const watch = storage.watch(prefix('job/'))[Symbol.asyncIterator]()
    await next(watch)
    const elsewhere = world.another().storage(PATH)
    const created = await elsewhere.create({ key: 'job/1', value: '1' })
    expect(changesOf(await next(watch))).toMatchObject([
      { kind: 'put', record: { key: 'job/1', version: created } },
    ])
    await elsewhere.create({ key: 'job', value: '1' })
    await elsewhere.create({ key: 'job0', value: '1' })
    await elsewhere.delete('job/1')
    const batch = await next(watch)
    expect(changesOf(batch)).toMatchObject([{ kind: 'deleted', key: 'job/1' }])
    expect(changesOf(batch).every((change) => keyOf(change) === 'job/1')).toBe(true)
    await watch.return?.()
  },
)

test.for(SCHEMES)('a commit of many changes is told whole, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const watch = storage.watch(prefix(''))[Symbol.asyncIterator]()
  await next(watch)
  const keys = Array.from({ length: 50 }, (_, at) => String(at).padStart(2, '0'))
  const then = keys.map((key) => ({ kind: 'put', key, value: '1' }) as const)
  const { version } = await storage.transact({ then })
  const batch = await next(watch)
  expect(new Set(changesOf(batch).map(keyOf))).toEqual(new Set(keys))
  expect(batch.version).toBe(version)
  await watch.return?.()
})

test.for(SCHEMES)(
  'a watch goes on where another one has ended, without a gap, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    await fill(storage, 'a')
    let fromVersion = 0n
    for await (const { version } of storage.watch(prefix(''))) {
      fromVersion = version
      break
    }
    await fill(storage, 'b', 'c')
    const seen: Key[] = []
    for await (const batch of world.another().storage(PATH).watch(prefix(''), { fromVersion })) {
      seen.push(...changesOf(batch).map(keyOf))
      if (seen.length >= 2) break
    }
    expect(seen).toEqual(['b', 'c'])
  },
)

test.for(SCHEMES)(
  'a watch from a version that does not exist yet is refused, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const [version = 0n] = await fill(storage, 'a')
    const watch = storage.watch(prefix(''), { fromVersion: version + 100n })
    expect(await failure(next(watch[Symbol.asyncIterator]()))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
  },
)

test.for(SCHEMES)('an aborted watch rejects with its reason, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const controller = new AbortController()
  const reason = new Error('enough')
  const watch = storage.watch(prefix(''), {}, controller.signal)[Symbol.asyncIterator]()
  await next(watch)
  const waiting = failure(next(watch))
  controller.abort(reason)
  expect(await waiting).toBe(reason)
})

test.for(SCHEMES)('a watch ends with its client, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const client = world.another()
  const watch = client.storage(PATH).watch(prefix(''))[Symbol.asyncIterator]()
  await next(watch)
  const waiting = failure(next(watch))
  await client.close()
  expect(await waiting).toMatchObject({ code: 'CLIENT_CLOSED' })
})

test.for(SCHEMES)('watchers of one range do not disturb each other, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const watches = Array.from({ length: 5 }, () => storage.watch(prefix(''))[Symbol.asyncIterator]())
  await Promise.all(watches.map(next))
  await watches[0]?.return?.()
  await fill(storage, 'a')
  for (const watch of watches.slice(1)) {
    expect(changesOf(await next(watch)).map(keyOf)).toEqual(['a'])
    await watch.return?.()
  }
})

test.for(SCHEMES)('who reads slowly misses nothing, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const watch = storage.watch(prefix(''))[Symbol.asyncIterator]()
  await next(watch)
  const keys = Array.from({ length: 200 }, (_, at) => String(at).padStart(3, '0'))
  await Promise.all(keys.map((key) => storage.create({ key, value: '1' })))
  const seen: Key[] = []
  const versions: bigint[] = []
  while (seen.length < keys.length) {
    const batch = await next(watch)
    seen.push(...changesOf(batch).map(keyOf))
    versions.push(batch.version)
  }
  expect(seen).toHaveLength(keys.length)
  expect(new Set(seen)).toEqual(new Set(keys))
  expect(versions).toEqual(versions.toSorted((one, two) => (one < two ? -1 : 1)))
  await watch.return?.()
})
