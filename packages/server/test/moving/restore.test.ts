/** A restore ends whole, or is not served. guards: D7, D5, X2, S6, K1 */
import { EngineError } from '@tenure/engine'
import type { Engine, Partition } from '@tenure/engine'
import { openMemoryEngine } from '@tenure/engine/memory'
import { INCARNATION_MAX } from '@tenure/kernel'
import { expect, test } from 'vitest'
import { BackupReader } from '../../src/moving/backup-reader.ts'
import {
  encodeLineage,
  LINEAGE_KEY,
  LINEAGE_PARTITION,
  readLineage,
  wholeIncarnation,
} from '../../src/moving/lineage.ts'
import { MovingRefused } from '../../src/moving/refusal.ts'
import { restore } from '../../src/moving/restore.ts'
import { startServer } from '../../src/server.ts'
import { backupOf, contents, filled, inPieces, load, MovedNode, sourceOf } from './stores.ts'

const ANY = { host: '127.0.0.1', port: 0 }
/** A clock that is of no help: what an incarnation then adds. */
const WRONG_CLOCK = { wallMs: 0 }
const STEP = 2n ** 14n
const SPAN = STEP << 21n

/** The engine, with changed members. */
function changed(engine: Engine, change: Partial<Engine>): Engine {
  const bound: Engine = {
    name: engine.name,
    durable: engine.durable,
    claim: (...given) => engine.claim(...given),
    ownerOf: (name) => engine.ownerOf(name),
    partitions: (prefix) => engine.partitions(prefix),
    peek: (name, key) => engine.peek(name, key),
    cut: () => engine.cut(),
    close: () => engine.close(),
  }
  return { ...bound, ...change }
}

/** The engine dies at its commit of this number, after it was written or before. */
function dying(engine: Engine, commits: number, isWritten: boolean): Engine {
  let left = commits
  const mortal = (partition: Partition): Partition => ({
    epoch: partition.epoch,
    limits: { ...partition.limits, batchOperations: 100 },
    scan: (range) => partition.scan(range),
    get: (key) => partition.get(key),
    confirm: () => partition.confirm(),
    close: () => partition.close(),
    commit: async (writes) => {
      left -= 1
      if (left < 0) throw new EngineError('dead')
      if (left > 0 || isWritten) await partition.commit(writes)
      if (left === 0) throw new EngineError('dead')
    },
  })
  return changed(engine, { claim: async (...given) => mortal(await engine.claim(...given)) })
}

test('wherever a restore is cut off, nothing is served, and the next one is whole', async () => {
  const store = await filled({ small: 3, isLargeToo: true })
  const whole = openMemoryEngine()
  await restore(await sourceOf(store), whole, WRONG_CLOCK)
  const expected = await contents(whole)
  const outcomes: string[] = []
  for (let commits = 1; outcomes.at(-1) !== 'whole'; commits += 1) {
    for (const isWritten of [false, true]) {
      const engine = openMemoryEngine()
      const mortal = dying(engine, commits, isWritten)
      const restoring = restore(await sourceOf(store), mortal, WRONG_CLOCK)
      outcomes.push(`${await ending(restoring)}, ${await ending(served(engine))}`)
      if ((await readLineage(engine)).restoring === null && commits > 1) {
        outcomes.push('whole')
      } else {
        await restore(await sourceOf(store), engine, WRONG_CLOCK)
      }
      expect(await readLineage(engine)).toEqual({ incarnation: STEP, restoring: null })
      expect(await contents(engine)).toEqual(expected)
    }
  }
  const [nothingWritten, ...others] = outcomes.slice(0, -3)
  expect(nothingWritten).toBe('EngineError: dead, done')
  expect(others.length).toBeGreaterThan(10)
  expect(new Set(others)).toEqual(new Set([`EngineError: dead, EngineError: ${UNFINISHED}`]))
}, 60_000)

const UNFINISHED =
  'a restore into memory has not come to its end, so only a part of it is there: nothing is served from it. Run the restore again: it begins anew'

async function ending(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'done'
  } catch (error) {
    return String(error)
  }
}

/** What a server does before it starts on the engine. */
async function served(engine: Engine): Promise<void> {
  wholeIncarnation(await readLineage(engine), engine.name)
}

test('what is left of one interrupted restore is not mixed with another', async () => {
  const [first, second] = [
    await filled({ small: 6, isLargeToo: false }),
    await filled({ small: 2, isLargeToo: false }),
  ]
  const engine = openMemoryEngine()
  await expect(restore(await sourceOf(first), dying(engine, 6, true))).rejects.toThrow('dead')
  await restore(await sourceOf(second), engine)
  const found = await contents(engine)
  for (const name of ['/local/small-2', '/local/small-3', '/local/small-4', '/local/small-5']) {
    expect(found.get(name) ?? []).toEqual([])
  }
  expect(found.get('/local/small-1')).toHaveLength(5)
})

test('a node exists with the last commit of its rows, and not before', async () => {
  const store = await filled({ small: 0, isLargeToo: true })
  const engine = openMemoryEngine()
  const existed: boolean[] = []
  const watched = changed(engine, {
    claim: async (...given) => {
      const partition = await engine.claim(...given)
      if (given[0] !== '/local/large') return partition
      const commit = partition.commit.bind(partition)
      return Object.assign(partition, {
        limits: { ...partition.limits, batchOperations: 100 },
        commit: async (...writes: Parameters<Partition['commit']>) => {
          await commit(...writes)
          existed.push((await engine.peek('/local/large', new Uint8Array([0x02]))) !== undefined)
        },
      })
    },
  })
  await restore(await sourceOf(store), watched)
  expect(existed.length).toBeGreaterThan(2)
  expect(existed).toEqual(existed.map((_, at) => at === existed.length - 1))
})

test('a place that is not empty is refused and stays as it was', async () => {
  const store = await filled({ small: 1, isLargeToo: false })
  const before = await contents(store)
  const epoch = (await store.ownerOf('/local/small-0'))?.epoch
  const backup = await backupOf(store)
  const reader = await BackupReader.open(inPieces(backup), 'b')
  const restoring = restore(reader, store)
  await expect(restoring).rejects.toThrow(MovingRefused)
  await expect(restoring).rejects.toThrow(/memory is not empty: it holds \/local\/claimed/)
  expect(await contents(store)).toEqual(before)
  expect((await store.ownerOf('/local/small-0'))?.epoch).toBe(epoch)
})

test('a place that servers use is refused', async () => {
  const members: Engine['members'] = {
    join: () => Promise.reject(new Error('nobody joins')),
    watch: async function* () {
      yield [{ id: 'a', address: '10.0.0.1:2136' }]
    },
  }
  const used = changed(openMemoryEngine(), { members })
  const source = await sourceOf(await filled({ small: 1, isLargeToo: false }))
  await expect(restore(source, used)).rejects.toThrow(/servers use memory: 10.0.0.1:2136/)
  const empty: Engine['members'] = {
    ...members,
    watch: async function* () {
      yield []
    },
  }
  await restore(source, changed(openMemoryEngine(), { members: empty }))
})

test('a node that somebody makes meanwhile is not written over', async () => {
  const engine = openMemoryEngine()
  let isMade = false
  const raced = changed(engine, {
    claim: async (name, ...more) => {
      if (name === '/local/small-0' && !isMade) {
        isMade = true
        const node = new MovedNode()
        node.kernel.start(0)
        node.create()
        await node.keep(engine, name)
      }
      return engine.claim(name, ...more)
    },
  })
  const source = await sourceOf(await filled({ small: 1, isLargeToo: false }))
  await expect(restore(source, raced)).rejects.toThrow(/small-0 has been made meanwhile/)
  expect((await contents(engine)).get('/local/small-0')).toHaveLength(3)
})

test('of two restores into one place at most one comes to its end', async () => {
  const engine = openMemoryEngine()
  const store = await filled({ small: 20, isLargeToo: false })
  const sources = [await sourceOf(store), await sourceOf(store)]
  const outcomes = await Promise.allSettled(sources.map((source) => restore(source, engine)))
  const done = outcomes.filter(({ status }) => status === 'fulfilled').length
  expect(done).toBeLessThanOrEqual(1)
  if (done === 0) await restore(await sourceOf(store), engine)
  expect((await contents(engine)).size).toBe(22)
})

test('rows that no kernel would have written are not restored', async () => {
  const store = openMemoryEngine()
  const partition = await store.claim('/local/odd', { id: 'test', address: '' })
  await partition.commit([{ kind: 'put', key: new Uint8Array([1]), value: new Uint8Array([9]) }])
  const restoring = restore(await sourceOf(store), openMemoryEngine())
  await expect(restoring).rejects.toThrow(/node \/local\/odd cannot be understood/)
})

/** Attaches the first session again. @returns the id of another, new one */
function attach(node: MovedNode): bigint {
  const about = { description: '', sequenceNumber: 0n, protectionKey: new Uint8Array() }
  const asked = { stream: 1, requestId: 1n, timeoutMs: 60_000n, ...about }
  node.do({ kind: 'attach', ...asked, session: 1n })
  const [event] = node.do({ kind: 'attach', ...asked, session: 0n })
  return event?.kind === 'attached' ? event.session : 0n
}

test('tokens and session ids after a restore are above those before it, and those that the old place gives out still', async () => {
  const store = await filled({ small: 1, isLargeToo: false })
  const engine = openMemoryEngine()
  await restore(await sourceOf(store), engine, WRONG_CLOCK)
  const [old, next] = [await load(store, '/local/small-0'), await load(engine, '/local/small-0')]
  const given = [old, next].map((node) => ({
    session: attach(node),
    tokens: Array.from({ length: 100 }, (_, at) => node.acquire(`another ${at}`)),
  }))
  expect(given.map(({ session }) => session)).toEqual([2n, SPAN + 2n])
  expect(given.map(({ tokens }) => tokens[99])).toEqual([101n, SPAN + 101n])
})

test('a store can be restored from a restored one, and a node that is made anew there begins above both', async () => {
  let store = await filled({ small: 1, isLargeToo: false })
  for (let times = 1n; times <= 3n; times += 1n) {
    const next = openMemoryEngine()
    const reader = await BackupReader.open(inPieces(await backupOf(store)), 'b')
    await restore(reader, next, WRONG_CLOCK)
    expect(await readLineage(next)).toEqual({ incarnation: times * STEP, restoring: null })
    store = next
  }
  const node = await load(store, '/local/small-0')
  expect(node.kernel.commitNumber).toBe(3n * SPAN + 1n)
  const epoch = (await store.ownerOf('/local/small-0'))?.epoch ?? 0n
  expect(epoch).toBeGreaterThan((3n * STEP) << 20n)
  const server = await startServer({ engine: store, http: null, listen: ANY })
  await server.host.node('/local/new', { create: true })
  expect((await store.ownerOf('/local/new'))?.epoch).toBeGreaterThan((3n * STEP) << 20n)
  await server.stop()
})

test('a backup that is restored twice makes two stores whose numbers are apart', async () => {
  const backup = await backupOf(await filled({ small: 1, isLargeToo: false }))
  const ranges: bigint[] = []
  for (const second of [0, 1]) {
    const engine = openMemoryEngine()
    const reader = await BackupReader.open(inPieces(backup), 'b')
    await restore(reader, engine, { wallMs: Date.UTC(2027, 0, 1, 0, 0, second) })
    const node = await load(engine, '/local/small-0')
    attach(node)
    ranges.push(node.acquire('another'))
  }
  expect(Number(ranges[1]) - Number(ranges[0])).toBe(2 ** 21)
})

test('a store that has been moved as often as can be is refused before anything is written', async () => {
  const source = { ...(await sourceOf(openMemoryEngine())), incarnation: INCARNATION_MAX }
  const engine = openMemoryEngine()
  await expect(restore(source, engine)).rejects.toThrow(/moved as often as can be/)
  expect(await engine.ownerOf(LINEAGE_PARTITION)).toBe(null)
  const partition = await engine.claim(LINEAGE_PARTITION, { id: 'test', address: '' })
  const value = encodeLineage({ incarnation: INCARNATION_MAX, restoring: null })
  await partition.commit([{ kind: 'put', key: LINEAGE_KEY, value }])
  await expect(restore(await sourceOf(openMemoryEngine()), engine)).rejects.toThrow(MovingRefused)
})

test('a backup that turns out to be damaged while it is restored leaves nothing that is served', async () => {
  const backup = await backupOf(await filled({ small: 40, isLargeToo: false }))
  backup[backup.length - 3] = (backup.at(-3) ?? 0) ^ 1
  const engine = openMemoryEngine()
  const reader = await BackupReader.open(inPieces(backup), 'b')
  await expect(restore(reader, engine)).rejects.toThrow(/backup b cannot be used/)
  await expect(startServer({ engine, http: null, listen: ANY })).rejects.toThrow(
    /not come to its end/,
  )
})

test('a restore that is called off is as one that was interrupted', async () => {
  const store = await filled({ small: 40, isLargeToo: true })
  const engine = openMemoryEngine()
  const enough = new AbortController()
  const progress = (): void => enough.abort(new Error('enough'))
  const { signal } = enough
  await expect(restore(await sourceOf(store), engine, { signal, progress })).rejects.toThrow(
    'enough',
  )
  await expect(startServer({ engine, http: null, listen: ANY })).rejects.toThrow(
    /not come to its end/,
  )
})
