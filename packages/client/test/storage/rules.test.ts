/**
 * The rules of records: each row of reference 003, over every way to a server that has them.
 *
 * guards: K1, K2, K3
 */
import { type Client, NO_LEASE_ID, prefix, type Storage } from 'tenure'
import { expect, test } from 'vitest'
import {
  AlreadyExistsError,
  FencedError,
  InvalidArgumentError,
  NotFoundError,
  UnsupportedError,
  WrongLeaseError,
  WrongVersionError,
} from '../../src/errors.ts'
import { openWorld } from '../worlds.ts'
import { RECORD_WORLDS, storedWorld, text } from './stored-world.ts'

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('nothing was rejected')
}

test('S3-01: no lease is 0n', () => {
  expect(NO_LEASE_ID).toBe(0n)
})

test.for(RECORD_WORLDS)(
  'S3-02: create gives the version of its commit, above all versions before, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const first = await storage.create({ key: 'a', value: '1' })
    const second = await storage.create({ key: 'b', value: '1' })
    expect(first).toBeGreaterThanOrEqual(1n)
    expect(second).toBeGreaterThan(first)
  },
)

test.for(RECORD_WORLDS)(
  'S3-03: create of a key that is there gives the record with its error, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const version = await storage.create({ key: 'a', value: '1' })
    const error = await rejection(storage.create({ key: 'a', value: '2' }))
    expect(error).toBeInstanceOf(AlreadyExistsError)
    const { record } = error as AlreadyExistsError
    expect(record).toMatchObject({ key: 'a', version, lease: NO_LEASE_ID })
    expect(text(record?.value ?? new Uint8Array())).toBe('1')
  },
)

test.for(RECORD_WORLDS)('S3-04: an empty key is refused before it is sent, %s', async (kind) => {
  await using world = await storedWorld(kind)
  await expect(world.storage.create({ key: '', value: '' })).rejects.toThrow(RangeError)
})

test.for(RECORD_WORLDS)(
  'S3-05: the reason of an aborted signal comes before any other error, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const signal = AbortSignal.abort('enough')
    const calls = [
      storage.create({ key: '', value: '' }, {}, signal),
      storage.get('', signal),
      storage.getRange('', '', {}, signal),
      storage.casByVersion({ key: '', value: '', version: -1n }, {}, signal),
      storage.put({ key: '', value: '' }, {}, signal),
      storage.delete('', {}, signal),
      storage.waitForVersionChange('', -1n, signal),
      storage.transact({}, signal),
      storage.lessor.newLease(-1, {}, signal),
      storage.lessor.getLease(-1n, signal),
    ]
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: 'rejected', reason: 'enough' })
    }
  },
)

test.for(RECORD_WORLDS)('S3-06: create under an unknown lease is refused, %s', async (kind) => {
  await using world = await storedWorld(kind)
  const { storage } = world
  const created = storage.create({ key: 'a', value: '', lease: 77n })
  await expect(created).rejects.toThrow(WrongLeaseError)
  await expect(storage.put({ key: 'a', value: '', lease: 77n })).rejects.toThrow(WrongLeaseError)
  await expect(storage.get('a')).rejects.toThrow(NotFoundError)
})

test.for(RECORD_WORLDS)(
  'S3-07 S3-14: the version in a create and the lease in a compare-and-set are ignored, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const lease = await storage.lessor.newLease(60_000)
    const record = { key: 'a', value: '1', version: 12_345n, lease: lease.id }
    const version = await storage.create(record)
    expect(version).not.toBe(12_345n)
    await storage.casByVersion({ key: 'a', value: '2', version, lease: NO_LEASE_ID })
    expect((await storage.get('a')).lease).toBe(lease.id)
  },
)

test.for(RECORD_WORLDS)(
  'S3-08 S3-29: get gives a frozen copy with key, value, versions and lease, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const createdVersion = await storage.create({ key: 'ключ', value: 'значение' })
    const version = await storage.put({ key: 'ключ', value: 'other' })
    const record = await storage.get('ключ')
    expect(Object.isFrozen(record)).toBe(true)
    expect(record).toEqual({
      key: 'ключ',
      value: new TextEncoder().encode('other'),
      version,
      createdVersion,
      lease: NO_LEASE_ID,
    })
    record.value.fill(0)
    expect(text((await storage.get('ключ')).value)).toBe('other')
    await expect(storage.get('absent')).rejects.toThrow(NotFoundError)
  },
)

test.for(RECORD_WORLDS)(
  'bytes that a program changes later are not changed in the store, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const key = new Uint8Array([1, 2])
    const value = new Uint8Array([3, 4])
    const created = storage.create({ key, value })
    key.fill(9)
    value.fill(9)
    await created
    expect((await storage.get(new Uint8Array([1, 2]))).value).toEqual(new Uint8Array([3, 4]))
  },
)

test.for(RECORD_WORLDS)('a key that is no text comes back as bytes, %s', async (kind) => {
  await using world = await storedWorld(kind)
  const { storage } = world
  const key = new Uint8Array([0xff, 0x00])
  await storage.create({ key, value: '' })
  const record = await storage.get(key)
  expect(record.key).toEqual(key)
  await storage.delete(record.key)
  await expect(storage.get(key)).rejects.toThrow(NotFoundError)
})

const keysOf = (records: readonly { readonly key: string | Uint8Array }[]): unknown[] =>
  records.map(({ key }) => key)

test.for(RECORD_WORLDS)(
  'S3-09 S3-11: a range has both its ends and is ordered by the bytes of its keys, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    for (const key of ['b', 'a', 'c', 'aa', 'b\0', 'é']) await storage.create({ key, value: key })
    expect(keysOf(await storage.getRange('a', 'b'))).toEqual(['a', 'aa', 'b'])
    expect(keysOf(await storage.getRange('', 'é'))).toEqual(['a', 'aa', 'b', 'b\0', 'c', 'é'])
    expect(keysOf(await storage.getRange('a', 'a'))).toEqual(['a'])
    expect(keysOf(await storage.getRange(prefix('a')))).toEqual(['a', 'aa'])
    expect(keysOf(await storage.getRange({ prefix: '' }))).toHaveLength(6)
  },
)

test.for(RECORD_WORLDS)('a prefix of the last bytes there are has no end, %s', async (kind) => {
  await using world = await storedWorld(kind)
  const { storage } = world
  const last = new Uint8Array([0xff, 0xff])
  await storage.create({ key: last, value: '' })
  await storage.create({ key: new Uint8Array([0xff, 0xff, 0xff]), value: '' })
  await storage.create({ key: new Uint8Array([0xff, 0xfe]), value: '' })
  expect(await storage.getRange(prefix(last))).toHaveLength(2)
  expect(await storage.getRange(prefix(new Uint8Array([0xff])))).toHaveLength(3)
})

test.for(RECORD_WORLDS)(
  'S3-10: a range that is empty or upside down is no error, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    await storage.create({ key: 'm', value: '' })
    expect(await storage.getRange('a', 'b')).toEqual([])
    expect(await storage.getRange('z', 'a')).toEqual([])
    expect(await storage.getRange(prefix('x'))).toEqual([])
  },
)

test.for(RECORD_WORLDS)('S3-11: pages go on from the last key that was seen, %s', async (kind) => {
  await using world = await storedWorld(kind)
  const { storage } = world
  const keys = Array.from({ length: 10 }, (_, index) => `k${index}`)
  await Promise.all(keys.map((key) => storage.create({ key, value: '' })))
  const seen: unknown[] = []
  for (let cursor: string | Uint8Array | null = null; ;) {
    const options = cursor === null ? { limit: 4 } : { limit: 4, cursor }
    const page = await storage.getRange('k', 'l', options)
    seen.push(...keysOf(page))
    if (page.length < 4) break
    cursor = page.at(-1)?.key ?? null
  }
  expect(seen).toEqual(keys)
})

test.for(RECORD_WORLDS)('a range of several pages is of one moment, %s', async (kind) => {
  await using world = await storedWorld(kind)
  const { storage } = world
  const keys = Array.from({ length: 2_500 }, (_, index) => `k${String(index).padStart(5, '0')}`)
  await Promise.all(keys.map((key) => storage.create({ key, value: '' })))
  const [first = '', last = ''] = [keys[0], keys.at(-1)]
  const moving = async (): Promise<void> => {
    // Both or none of these has a value, at each moment.
    for (let turn = 1; turn <= 20; turn += 1) {
      const value = String(turn)
      const then = [first, last].map((key) => ({ kind: 'put', key, value }) as const)
      await storage.transact({ then })
    }
  }
  const moved = moving()
  for (let turn = 0; turn < 5; turn += 1) {
    const records = await storage.getRange(prefix('k'))
    expect(records).toHaveLength(keys.length)
    expect(records.at(-1)?.value).toEqual(records[0]?.value)
  }
  await moved
  expect(await storage.getRange(prefix('k'), { limit: 1_500 })).toHaveLength(1_500)
})

test.for(RECORD_WORLDS)(
  'a limited page of large values is of one moment and whole, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const value = new Uint8Array(1_000_000).fill(1)
    for (let index = 0; index < 8; index += 1) await storage.create({ key: `k${index}`, value })
    expect(await storage.getRange(prefix('k'), { limit: 7 })).toHaveLength(7)
  },
)

test.for(RECORD_WORLDS)(
  'S3-12 S3-13: compare-and-set wants the version, and gives the record when it is another, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const first = await storage.create({ key: 'a', value: '1' })
    const second = await storage.casByVersion({ key: 'a', value: '2', version: first })
    expect(second).toBeGreaterThan(first)
    const error = await rejection(storage.casByVersion({ key: 'a', value: '3', version: first }))
    expect(error).toBeInstanceOf(WrongVersionError)
    expect((error as WrongVersionError).record).toMatchObject({ key: 'a', version: second })
    const absent = storage.casByVersion({ key: 'b', value: '', version: first })
    await expect(absent).rejects.toThrow(NotFoundError)
  },
)

test.for(RECORD_WORLDS)(
  'S3-15: delete takes the record, and only the version that is wanted, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const version = await storage.create({ key: 'a', value: '1' })
    const wrong = await rejection(storage.delete('a', { ifVersion: version + 1n }))
    expect(wrong).toBeInstanceOf(WrongVersionError)
    expect((wrong as WrongVersionError).record).toMatchObject({ version })
    await storage.delete('a', { ifVersion: version })
    await expect(storage.delete('a')).rejects.toThrow(NotFoundError)
  },
)

test.for(RECORD_WORLDS)(
  'S3-16 S3-17: a wait ends at once when the record is absent or another, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    await expect(storage.waitForVersionChange('a', 1n)).rejects.toThrow(NotFoundError)
    const version = await storage.create({ key: 'a', value: '1' })
    expect(await storage.waitForVersionChange('a', version - 1n)).toMatchObject({ version })
    expect(await storage.waitForVersionChange('a', 0n)).toMatchObject({ version })
  },
)

test.for(RECORD_WORLDS)(
  'S3-18 S3-22: all who wait for a key wake with the record when it changes, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const version = await storage.create({ key: 'a', value: '1' })
    const waits = [1, 2, 3].map(() => storage.waitForVersionChange('a', version))
    await storage.get('a')
    const changed = await storage.put({ key: 'a', value: '2' })
    for (const record of await Promise.all(waits)) expect(record?.version).toBe(changed)
  },
)

test.for(RECORD_WORLDS)(
  'S3-19: a wait for a record that is deleted meanwhile gives null, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const version = await storage.create({ key: 'a', value: '1' })
    const wait = storage.waitForVersionChange('a', version)
    await storage.get('a')
    await storage.delete('a')
    expect(await wait).toBeNull()
  },
)

test.for(RECORD_WORLDS)('S3-20: an aborted wait rejects with the reason, %s', async (kind) => {
  await using world = await storedWorld(kind)
  const { storage } = world
  const version = await storage.create({ key: 'a', value: '1' })
  const controller = new AbortController()
  const wait = storage.waitForVersionChange('a', version, controller.signal)
  await storage.get('a')
  controller.abort('enough')
  await expect(wait).rejects.toBe('enough')
})

test.for(RECORD_WORLDS)(
  'S3-21: a record that was deleted and made anew has another version, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const version = await storage.create({ key: 'a', value: '1' })
    await storage.delete('a')
    const anew = await storage.create({ key: 'a', value: '1' })
    expect(anew).toBeGreaterThan(version)
    expect(await storage.waitForVersionChange('a', version)).toMatchObject({ version: anew })
  },
)

test.for(RECORD_WORLDS)('put keeps the lease of a record unless it names one, %s', async (kind) => {
  await using world = await storedWorld(kind)
  const { storage } = world
  const lease = await storage.lessor.newLease(60_000)
  await storage.put({ key: 'a', value: '1', lease })
  await storage.put({ key: 'a', value: '2' })
  expect((await storage.get('a')).lease).toBe(lease.id)
  await storage.put({ key: 'a', value: '3', lease: NO_LEASE_ID })
  expect((await storage.get('a')).lease).toBe(NO_LEASE_ID)
  await lease.release()
  expect(text((await storage.get('a')).value)).toBe('3')
})

test.for(RECORD_WORLDS)(
  'a transaction does one of its lists, under one version, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const put = (key: string): { kind: 'put'; key: string; value: string } => ({
      kind: 'put',
      key,
      value: key,
    })
    const isThere = [{ key: 'a', exists: true }]
    const first = await storage.transact({
      if: isThere,
      then: [put('x')],
      else: [put('a'), put('b')],
    })
    expect(first.succeeded).toBe(false)
    const [a, b] = await storage.getRange('a', 'b')
    expect([a?.version, b?.version]).toEqual([first.version, first.version])
    const second = await storage.transact({
      if: [
        { key: 'a', version: first.version },
        { key: 'b', value: 'b' },
        { key: 'b', value: 'c', is: '!=' },
        { key: 'a', version: 0n, is: '>' },
        { key: 'x', exists: false },
      ],
      then: [
        { kind: 'get', key: 'b' },
        { kind: 'get', key: 'x' },
      ],
    })
    expect(second).toEqual({ succeeded: true, version: first.version, records: [b, null] })
    const third = await storage.transact({
      then: [
        { kind: 'delete', key: 'a' },
        { kind: 'delete', key: 'nobody' },
      ],
    })
    expect(third.version).toBeGreaterThan(first.version)
    expect(keysOf(await storage.getRange(prefix('')))).toEqual(['b'])
  },
)

test('a transaction that no server takes is refused before it is sent', async () => {
  await using world = await storedWorld('in process')
  const { storage } = world
  const get = { kind: 'get', key: 'a' } as const
  const mixed = [get, { kind: 'delete', key: 'b' } as const]
  await expect(storage.transact({ then: mixed })).rejects.toThrow(TypeError)
  await expect(storage.transact({ else: [get, get] })).rejects.toThrow(TypeError)
  // @ts-expect-error what a program in JavaScript may pass
  await expect(storage.transact({ then: { kind: 'get' } })).rejects.toThrow(TypeError)
  // @ts-expect-error what a program in JavaScript may pass
  await expect(storage.transact({ then: [{ kind: 'move', key: 'a' }] })).rejects.toThrow(TypeError)
  // @ts-expect-error what a program in JavaScript may pass
  await expect(storage.transact({ if: [{ key: 'a', exists: 1 }] })).rejects.toThrow(TypeError)
  // @ts-expect-error what a program in JavaScript may pass
  const unordered = storage.transact({ if: [{ key: 'a', value: 'x', is: '<' }] })
  await expect(unordered).rejects.toThrow(TypeError)
})

test.for(RECORD_WORLDS)(
  'X8: a write whose lock is not the newest any more is refused, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const sleeper = await world.session()
    const stale = await sleeper.mutex('m').lock()
    await storage.create({ key: 'a', value: '1' }, { fence: stale })
    await sleeper.close()
    const session = await world.session()
    await using lock = await session.mutex('m').lock()
    const version = await storage.put({ key: 'a', value: '2' }, { fence: lock })
    const late = [
      storage.create({ key: 'b', value: '' }, { fence: stale }),
      storage.put({ key: 'a', value: '' }, { fence: stale }),
      storage.casByVersion({ key: 'a', value: '', version }, { fence: stale }),
      storage.delete('a', { fence: stale }),
      storage.transact({ then: [{ kind: 'delete', key: 'a' }], fence: stale }),
    ]
    for (const end of await Promise.allSettled(late)) {
      expect(end).toMatchObject({ reason: expect.any(FencedError) })
    }
    expect(text((await storage.get('a')).value)).toBe('2')
  },
)

test.for(RECORD_WORLDS)('a leadership fences a write, %s', async (kind) => {
  await using world = await storedWorld(kind)
  const session = await world.session()
  const leadership = await session.election('e').campaign('me')
  await world.storage.create({ key: 'a', value: '1' }, { fence: leadership })
  await leadership.resign()
  const late = world.storage.put({ key: 'a', value: '2' }, { fence: leadership })
  await expect(late).rejects.toThrow(FencedError)
})

test.for(RECORD_WORLDS)('S3-30: a locker is the mutex of its name, %s', async (kind) => {
  await using world = await storedWorld(kind)
  const [locker, other] = [world.storage.locker('l'), world.storage.locker('l')]
  const lock = await locker.lock()
  expect(await other.tryLock()).toBeNull()
  const session = await world.session()
  expect(await session.mutex('l').tryLock()).toBeNull()
  await locker.unlock()
  expect(lock.signal.aborted).toBe(true)
  expect(await other.tryLock()).not.toBeNull()
  await locker.unlock()
  await other.unlock()
  await using mine = await session.mutex('l').lock()
  expect(mine.token).toBeGreaterThan(lock.token)
})

test.for(RECORD_WORLDS)('a node that does not exist is not found, %s', async (kind) => {
  await using world = await openWorld(kind)
  const storage = world.client.storage('/local/nowhere')
  await expect(storage.get('a')).rejects.toThrow(NotFoundError)
  const watching = storage.watch(prefix(''))[Symbol.asyncIterator]()
  await expect(watching.next()).rejects.toThrow(NotFoundError)
  await world.client.createNode('/local/nowhere')
  await expect(storage.create({ key: 'a', value: '' })).resolves.toBeGreaterThan(0n)
})

test('over YDB’s protocol each call of records says at once that the server has none', async () => {
  await using world = await storedWorld('over the YDB protocol')
  const { storage } = world
  await expect(storage.get('a')).rejects.toThrow(UnsupportedError)
  await expect(storage.lessor.newLease(1_000)).rejects.toThrow(/has no records/)
  const watching = storage.watch(prefix(''))[Symbol.asyncIterator]()
  await expect(watching.next()).rejects.toThrow(UnsupportedError)
})

test('wrong arguments are refused before anything is sent', async () => {
  await using world = await storedWorld('in process')
  const { storage } = world
  const long = 'x'.repeat(1_025)
  await expect(storage.get(long)).rejects.toThrow(RangeError)
  await expect(storage.put({ key: 'a', value: new Uint8Array(1_048_577) })).rejects.toThrow(
    RangeError,
  )
  // @ts-expect-error what a program in JavaScript may pass
  await expect(storage.get(5)).rejects.toThrow(TypeError)
  // @ts-expect-error what a program in JavaScript may pass
  await expect(storage.waitForVersionChange('a', 5)).rejects.toThrow(TypeError)
  // @ts-expect-error what a program in JavaScript may pass
  await expect(storage.put({ key: 'a', value: '', lease: 5 })).rejects.toThrow(TypeError)
  await expect(storage.delete('a', { ifVersion: -1n })).rejects.toThrow(RangeError)
  const fence = { name: 'm', token: -1n }
  await expect(storage.put({ key: 'a', value: '' }, { fence })).rejects.toThrow(RangeError)
  await expect(storage.getRange('a', 'b', { limit: 0 })).rejects.toThrow(RangeError)
  // @ts-expect-error what a program in JavaScript may pass
  expect(() => storage.watch('a')).toThrow(TypeError)
  expect(() => storage.locker('x'.repeat(1_025))).toThrow(RangeError)
  expect(() => world.client.storage('')).toThrow(RangeError)
})

test('all storages of one path are one, and end with the client', async () => {
  await using world = await storedWorld('in process')
  const { client, path, storage }: { client: Client; path: string; storage: Storage } = world
  expect(client.storage(path)).toBe(storage)
  const version = await storage.create({ key: 'a', value: '' })
  const wait = storage.waitForVersionChange('a', version)
  const watching = storage.watch(prefix(''))[Symbol.asyncIterator]()
  await watching.next()
  const more = watching.next()
  const lease = await storage.lessor.newLease(60_000, { keepAlive: true })
  const ends = Promise.allSettled([wait, more])
  await client.close()
  for (const end of await ends) expect(end).toMatchObject({ reason: { code: 'CLIENT_CLOSED' } })
  await expect(storage.get('a')).rejects.toMatchObject({ code: 'CLIENT_CLOSED' })
  expect(lease.signal.reason).toMatchObject({ code: 'CLIENT_CLOSED' })
  await lease.release()
  await expect(client.storage('/local/other').get('a')).rejects.toMatchObject({
    code: 'CLIENT_CLOSED',
  })
})

test.for(RECORD_WORLDS)(
  'a version that does not exist yet cannot be watched from, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const watching = world.storage.watch(prefix(''), { fromVersion: 1_000_000n })
    await expect(watching[Symbol.asyncIterator]().next()).rejects.toThrow(InvalidArgumentError)
  },
)
