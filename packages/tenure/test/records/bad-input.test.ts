/** What cannot be: refused clearly, one by one, without effect on anything else. */
import {
  InvalidArgumentError,
  KEY_MAX_BYTES,
  NotFoundError,
  prefix,
  type Storage,
  VALUE_MAX_BYTES,
  WrongLeaseError,
} from 'tenure'
import { expect, test } from 'vitest'
import { failure, fill, openWorld, PATH, SCHEMES } from './worlds.ts'
const LONG_KEY = 'k'.repeat(KEY_MAX_BYTES + 1)
const LONG_VALUE = new Uint8Array(VALUE_MAX_BYTES + 1)
const BEYOND = 2n ** 64n

/** Calls that are refused before any message. */
const WRONG: Record<string, (storage: Storage) => unknown> = {
  'an empty key to create': (storage) => storage.create({ key: '', value: '1' }),
  'an empty key to put': (storage) => storage.put({ key: '', value: '1' }),
  'an empty key to get': (storage) => storage.get(''),
  'an empty key to delete': (storage) => storage.delete(''),
  'an empty key to wait for': (storage) => storage.waitForVersionChange('', 0n),
  'an empty key to compare': (storage) => storage.transact({ if: [{ key: '', version: 0n }] }),
  'a key that is too long': (storage) => storage.create({ key: LONG_KEY, value: '1' }),
  'a value that is too long': (storage) => storage.create({ key: 'x', value: LONG_VALUE }),
  'a bound that is too long': (storage) => storage.getRange('a', LONG_KEY),
  'a prefix that is too long': () => prefix(LONG_KEY),
  'a cursor that is empty': (storage) => storage.getRange('a', 'z', { cursor: '' }),
  'a limit of nothing': (storage) => storage.getRange('a', 'z', { limit: 0 }),
  'a limit below nothing': (storage) => storage.getRange('a', 'z', { limit: -1 }),
  'a negative version': (storage) => storage.casByVersion({ key: 'x', value: '1', version: -1n }),
  'a version beyond 64 bits': (storage) => storage.waitForVersionChange('x', BEYOND),
  'a negative version to watch from': (storage) => storage.watch(prefix(''), { fromVersion: -1n }),
  'a negative lease': (storage) => storage.create({ key: 'x', value: '1', lease: -1n }),
  'a lease beyond 64 bits': (storage) => storage.lessor.getLease(BEYOND),
  'a fence with a negative token': (storage) =>
    storage.put({ key: 'x', value: '1' }, { fence: { name: 'door', token: -1n } }),
  'a transaction that reads and writes': (storage) =>
    storage.transact({
      then: [
        { kind: 'get', key: 'x' },
        { kind: 'delete', key: 'y' },
      ],
    }),
  'a transaction that names a key twice': (storage) =>
    storage.transact({
      then: [
        { kind: 'delete', key: 'x' },
        { kind: 'put', key: 'x', value: '1' },
      ],
    }),
}

/** The name of the error with which a call is refused. */
async function refusal(call: () => unknown): Promise<string> {
  try {
    await call()
  } catch (error) {
    return error instanceof Error ? error.name : String(error)
  }
  return 'accepted'
}

test.for(SCHEMES)('what cannot be is refused at once, and does nothing, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  await fill(storage, 'x')
  const before = await storage.getRange(prefix(''))
  const others: Record<string, string> = {}
  for (const [what, call] of Object.entries(WRONG)) {
    const name = await refusal(() => call(storage))
    if (name !== 'RangeError' && name !== 'TypeError') others[what] = name
  }
  expect(others).toEqual({})
  expect(await storage.getRange(prefix(''))).toEqual(before)
})

test.for(SCHEMES)('keys and values of the greatest size are kept, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const key = LONG_KEY.slice(1)
  const value = LONG_VALUE.slice(1).fill(7)
  await storage.create({ key, value })
  expect(await storage.get(key)).toMatchObject({ key })
  expect(Buffer.compare((await storage.get(key)).value, value)).toBe(0)
  expect(await storage.getRange(prefix('k'))).toHaveLength(1)
  await storage.put({ key, value: '' })
  expect((await storage.get(key)).value).toHaveLength(0)
})

test.for(SCHEMES)('wrong calls among right ones do no harm to these, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const settled = await Promise.allSettled([
    storage.create({ key: 'a', value: '1' }),
    storage.create({ key: 'b', value: '1', lease: 4_711n }),
    storage.create({ key: '', value: '1' }),
    storage.create({ key: 'a', value: '2' }),
    storage.getRange('z', 'a'),
    storage.casByVersion({ key: 'nowhere', value: '1', version: 3n }),
    storage.lessor.getLease(4_711n),
    storage.create({ key: 'c', value: '1' }),
  ])
  expect(settled.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'rejected',
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
  ])
  expect(await storage.getRange(prefix(''))).toHaveLength(2)
})

test.for(SCHEMES)(
  'a lease that has expired is refused, whatever is asked with it, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const lease = await storage.lessor.newLease(50)
    const version = await storage.create({ key: 'a', value: '1', lease })
    expect(await storage.waitForVersionChange('a', version)).toBeNull()
    expect(await failure(storage.create({ key: 'a', value: '1', lease }))).toBeInstanceOf(
      WrongLeaseError,
    )
    expect(await failure(storage.put({ key: 'a', value: '1', lease }))).toBeInstanceOf(
      WrongLeaseError,
    )
    expect(await failure(storage.lessor.getLease(lease.id))).toBeInstanceOf(NotFoundError)
    await lease.release()
    expect(await storage.getRange(prefix(''))).toEqual([])
  },
)

test.for(SCHEMES)('a node that is absent has no records, and says so, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const storage = world.client.storage('/local/nowhere')
  expect(await failure(storage.get('a'))).toBeInstanceOf(NotFoundError)
  expect(await failure(storage.create({ key: 'a', value: '1' }))).toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('/local/nowhere'),
  })
})

test.for(SCHEMES)('a transaction of too many operations is refused, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const then = Array.from({ length: 129 }, (_, at) => ({ kind: 'delete', key: `k${at}` }) as const)
  expect(await failure(storage.transact({ then }))).toBeInstanceOf(InvalidArgumentError)
  await storage.transact({ then: then.slice(1) })
})

test.for(SCHEMES)(
  'every call rejects with the reason of a signal that has aborted, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const [version = 0n] = await fill(storage, 'a')
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    const calls = [
      storage.create({ key: 'b', value: '1' }, {}, signal),
      storage.put({ key: 'b', value: '1' }, {}, signal),
      storage.casByVersion({ key: 'a', value: '1', version }, {}, signal),
      storage.delete('a', {}, signal),
      storage.get('a', signal),
      storage.getRange('a', 'z', {}, signal),
      storage.waitForVersionChange('a', version, signal),
      storage.transact({ then: [{ kind: 'delete', key: 'a' }] }, signal),
      storage.lessor.newLease(1_000, {}, signal),
      storage.lessor.getLease(1n, signal),
      world.client.checkToken(PATH, 'door', 1n, signal),
    ]
    expect(await Promise.all(calls.map(failure))).toEqual(calls.map(() => reason))
    expect(await storage.getRange(prefix(''))).toMatchObject([{ key: 'a', version }])
  },
)

test.for(SCHEMES)('a storage of a closed client rejects, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const client = world.another()
  const storage = client.storage(PATH)
  await fill(storage, 'a')
  await client.close()
  expect(await failure(storage.get('a'))).toMatchObject({ code: 'CLIENT_CLOSED' })
  expect(await failure(client.storage(PATH).get('a'))).toMatchObject({ code: 'CLIENT_CLOSED' })
})
