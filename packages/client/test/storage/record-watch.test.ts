/**
 * A watch of records through lost answers, lost sessions and a history that is too short. A fake link: what the server still knows, and when the
 * connection breaks, is the test's choice.
 *
 * guards: K2
 */
import { array, assert, asyncProperty, boolean, constantFrom, nat, oneof, record } from 'fast-check'
import { expect, test } from 'vitest'
import type { WatchBatch } from '../../src/storage/record-watch.ts'
import { InvalidArgumentError } from '../../src/errors.ts'
import type { Answer, RefusalCode } from '../../src/link/link.ts'
import { prefix } from '../../src/storage/keys.ts'
import { isFulfilled, settled } from '../fake-link.ts'
import { reading } from '../worlds.ts'
import { type FakeStorage, fakeStorage, message, rejectionOf } from './fake-storage.ts'

const NOTHING = {
  kind: 'records-listed',
  records: [],
  version: 5n,
  more: false,
} as const satisfies Answer

function refused(code: RefusalCode): Answer {
  return { kind: 'refused', code, message: 'says the test' }
}

function changed(version: bigint, ...keys: string[]): Answer {
  const changes = keys.map((key) => ({ kind: 'put', record: message(key, version) }) as const)
  return { kind: 'records-changed', changes, version, reset: false }
}

const RESET = {
  kind: 'records-changed',
  changes: [],
  version: 90n,
  reset: true,
} as const satisfies Answer

/** A watch that has read its snapshot, at version 5. */
async function watching(world: FakeStorage): Promise<ReturnType<typeof reading<WatchBatch>>> {
  const watch = reading(world.storage.watch(prefix('a')))
  const snapshot = watch.next()
  await world.start()
  world.link.last.last.answer(NOTHING)
  expect(await snapshot).toEqual({ kind: 'snapshot', records: [], version: 5n })
  return watch
}

test('a snapshot is read by pages that hold one moment, from its start again when that is gone', async () => {
  const world = fakeStorage()
  const { storage, link, clock, start } = world
  const snapshot = reading(storage.watch(prefix('a'))).next()
  await start()
  const pages = (): unknown[] =>
    link.last
      .of('range-records')
      .map(({ request: { after, hold, atVersion } }) => [
        after && String.fromCodePoint(...after),
        hold,
        atVersion,
      ])
  const first: Answer = {
    kind: 'records-listed',
    records: [message('a', 3n)],
    version: 5n,
    more: true,
  }
  link.last.last.answer(first)
  await settled()
  link.last.last.answer(refused('ABORTED'))
  await settled()
  clock.advance(1_000)
  await settled()
  link.last.last.answer({ ...first, version: 6n })
  await settled()
  expect(pages()).toEqual([
    [null, true, 0n],
    ['a', true, 5n],
    [null, true, 0n],
    ['a', true, 6n],
  ])
  link.last.last.answer({
    kind: 'records-listed',
    records: [message('ab', 4n)],
    version: 6n,
    more: false,
  })
  expect(await snapshot).toMatchObject({ version: 6n, records: [{ key: 'a' }, { key: 'ab' }] })
})

test('the server is asked for changes only when the reader has taken the batch before', async () => {
  const world = fakeStorage()
  const { link } = world
  const watch = await watching(world)
  await settled()
  expect(link.last.of('watch-records')).toHaveLength(0)
  const next = watch.next()
  await settled()
  expect(link.last.of('watch-records').map(({ request }) => request.fromVersion)).toEqual([5n])
  // Nothing in the range has changed, and yet nothing is missing up to here.
  link.last.last.answer(changed(7n))
  await settled()
  link.last.last.answer(changed(8n, 'a'))
  expect(await next).toMatchObject({ kind: 'changes', version: 8n })
  await settled()
  expect(link.last.of('watch-records').map(({ request }) => request.fromVersion)).toEqual([5n, 7n])
})

test('a watch goes on from its last version, in the same session and in the next', async () => {
  const world = fakeStorage()
  const { link, reconnect, renew } = world
  const watch = await watching(world)
  const next = watch.next()
  await settled()
  await reconnect()
  expect(link.last.of('watch-records')[0]?.request.fromVersion).toBe(5n)
  await renew(8n)
  expect(link.last.of('watch-records')[0]?.request.fromVersion).toBe(5n)
  link.last.last.answer(changed(6n, 'a'))
  expect(await next).toMatchObject({ version: 6n })
})

test('a watch whose history is gone begins again with all there is', async () => {
  const world = fakeStorage()
  const { link } = world
  const watch = await watching(world)
  const next = watch.next()
  await settled()
  link.last.last.answer(RESET)
  await settled()
  link.last.last.answer({
    kind: 'records-listed',
    records: [message('ab', 60n)],
    version: 90n,
    more: false,
  })
  expect(await next).toMatchObject({ kind: 'reset', records: [{ key: 'ab' }], version: 90n })
})

test('a watch from a version that the history does not reach begins with a reset', async () => {
  const { storage, link, start } = fakeStorage()
  const first = reading(storage.watch(prefix('a'), { fromVersion: 2n })).next()
  await start()
  link.last.last.answer(RESET)
  await settled()
  link.last.last.answer(NOTHING)
  expect(await first).toEqual({ kind: 'reset', records: [], version: 5n })
})

test('a version of the future is refused when the program has named it, and a reset when the server has', async () => {
  const world = fakeStorage()
  const { storage, link, start } = world
  const failure = rejectionOf(reading(storage.watch(prefix('a'), { fromVersion: 9n })).next())
  await start()
  link.last.last.answer(refused('INVALID_ARGUMENT'))
  expect(await failure).toBeInstanceOf(InvalidArgumentError)

  const other = fakeStorage()
  const watch = await watching(other)
  const next = watch.next()
  await settled()
  other.link.last.last.answer(refused('INVALID_ARGUMENT'))
  await settled()
  other.link.last.last.answer({ ...NOTHING, version: 2n })
  expect(await next).toMatchObject({ kind: 'reset', version: 2n })
})

test('a watch waits for an overloaded server', async () => {
  const world = fakeStorage()
  const { link, clock } = world
  const watch = await watching(world)
  const next = watch.next()
  await settled()
  link.last.last.answer(refused('OVERLOADED'))
  await settled()
  clock.advance(5_000)
  await settled()
  expect(link.last.of('watch-records')).toHaveLength(2)
  link.last.last.answer(changed(6n, 'a'))
  expect(await next).toMatchObject({ version: 6n })
})

test('a watch that ends is forgotten by the server', async () => {
  for (const end of ['return', 'signal'] as const) {
    const world = fakeStorage()
    const { storage, link, start } = world
    const controller = new AbortController()
    const watch = storage.watch(prefix('a'), {}, controller.signal)[Symbol.asyncIterator]()
    const snapshot = watch.next()
    await start()
    link.last.last.answer(NOTHING)
    await snapshot
    const next = watch.next().catch((error: unknown) => error)
    await settled()
    if (end === 'return') await watch.return?.()
    else controller.abort('enough')
    expect(await next).toEqual(end === 'return' ? { done: true, value: undefined } : 'enough')
    const place = link.last.sent.findIndex(({ request }) => request.kind === 'watch-records')
    expect(link.last.forgotten).toEqual([place])
    expect(world.clock.holders).toBe(0)
  }
})

/** Records under a counter, with a history of a few changes: what a watch may ask of a server. */
class SmallStore {
  readonly #records = new Map<string, bigint>()
  readonly #history: { readonly key: string; readonly version: bigint; readonly isPut: boolean }[] =
    []
  #forgotten = 0n
  version = 1n

  get state(): ReadonlyMap<string, bigint> {
    return this.#records
  }

  write(key: string, isPut: boolean): void {
    this.version += 1n
    if (isPut) this.#records.set(key, this.version)
    else this.#records.delete(key)
    this.#history.push({ key, version: this.version, isPut })
    while (this.#history.length > 3) this.#forgotten = this.#history.shift()?.version ?? 0n
  }

  list(): Answer {
    const records = [...this.#records].map(([key, version]) => message(key, version))
    return { kind: 'records-listed', records, version: this.version, more: false }
  }

  /** @returns null when there is nothing to tell yet */
  changesAfter(fromVersion: bigint): Answer | null {
    if (fromVersion < this.#forgotten) return { ...RESET, version: this.version }
    const news = this.#history.filter(({ version }) => version > fromVersion)
    if (news.length === 0) return null
    const changes = news.map(({ key, version, isPut }) =>
      isPut
        ? ({ kind: 'put', record: message(key, version) } as const)
        : ({ kind: 'deleted', key: new TextEncoder().encode(key), version } as const),
    )
    return { kind: 'records-changed', changes, version: this.version, reset: false }
  }
}

class Follower {
  readonly records = new Map<string, bigint>()
  version = 0n
  wentBack = false

  take(batch: WatchBatch): void {
    if (batch.version < this.version) this.wentBack = true
    this.version = batch.version
    if (batch.kind !== 'changes') {
      this.records.clear()
      for (const { key, version } of batch.records) this.records.set(String(key), version)
      return
    }
    for (const change of batch.changes) {
      if (change.kind === 'put') this.records.set(String(change.record.key), change.record.version)
      else this.records.delete(String(change.key))
    }
  }
}

const acts = oneof(
  {
    weight: 4,
    arbitrary: record({ kind: constantFrom('write' as const), key: nat(4), isPut: boolean() }),
  },
  { weight: 4, arbitrary: record({ kind: constantFrom('read' as const, 'answer' as const) }) },
  { weight: 1, arbitrary: record({ kind: constantFrom('reconnect' as const, 'renew' as const) }) },
)

function answerAll(world: FakeStorage, store: SmallStore, answered: Set<object>): void {
  for (const sent of world.link.last.sent) {
    if (answered.has(sent)) continue
    const { request } = sent
    const answer =
      request.kind === 'watch-records' ? store.changesAfter(request.fromVersion) : store.list()
    if (answer === null) continue
    answered.add(sent)
    sent.answer(answer)
  }
}

// guards: K2
test('through writes, reconnects, lost sessions and resets a follower ends in the stored state, and no version goes back', async () => {
  const seed = Number(process.env['TENURE_TEST_SEED'] ?? Date.now())
  const follows = asyncProperty(array(acts, { maxLength: 40 }), async (steps) => {
    const world = fakeStorage()
    const store = new SmallStore()
    const follower = new Follower()
    const answered = new Set<object>()
    const watch = reading(world.storage.watch(prefix('')))
    let session = 7n
    let pending: Promise<void> | null = null
    const take = async (): Promise<void> => {
      follower.take(await watch.next())
      pending = null
    }
    const read = (): void => {
      pending ??= take()
    }
    read()
    await world.start(session)
    for (const step of steps) {
      if (step.kind === 'write') store.write(`k${step.key}`, step.isPut)
      else if (step.kind === 'read') read()
      else if (step.kind === 'answer') answerAll(world, store, answered)
      else if (step.kind === 'reconnect') await world.reconnect()
      else if (pending !== null) await world.renew((session += 1n))
      await settled()
    }
    store.write('last', true)
    while (follower.version < store.version) {
      read()
      await settled()
      answerAll(world, store, answered)
      await settled()
    }
    const { wentBack, records } = follower
    expect({ seed, wentBack, records }).toEqual({ seed, wentBack: false, records: store.state })
    const closed = world.client.close()
    world.clock.advance(10_000)
    await closed
  })
  await assert(follows, { seed, numRuns: 150 })
})

test('a watch keeps the process alive while it is read, not between', async () => {
  const world = fakeStorage()
  const watch = await watching(world)
  expect(world.clock.holders).toBe(0)
  const next = watch.next()
  await settled()
  expect(world.clock.holders).toBeGreaterThan(0)
  expect(await isFulfilled(next)).toBe(false)
  world.link.last.last.answer(changed(6n, 'a'))
  await next
  expect(world.clock.holders).toBe(0)
})
