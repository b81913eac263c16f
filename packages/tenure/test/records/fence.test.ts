/** Writes under the protection of a lock's token, and the question whether a token is still the newest. */
import { FencedError, type Fence, type Storage } from 'tenure'
import { expect, test } from 'vitest'
import { failure, fill, openWorld, PATH, type Scheme, SCHEMES, textOf } from './worlds.ts'

/** Every write there is, under one fence. */
const WRITES: Record<string, (storage: Storage, fence: Fence) => Promise<unknown>> = {
  create: (storage, fence) => storage.create({ key: 'new', value: '2' }, { fence }),
  put: (storage, fence) => storage.put({ key: 'a', value: '2' }, { fence }),
  casByVersion: async (storage, fence) => {
    const { version } = await storage.get('a')
    return storage.casByVersion({ key: 'a', value: '2', version }, { fence })
  },
  delete: (storage, fence) => storage.delete('b', { fence }),
  transact: (storage, fence) =>
    storage.transact({ then: [{ kind: 'put', key: 'c', value: '2' }], fence }),
}

const CASES = SCHEMES.flatMap((scheme) =>
  Object.keys(WRITES).map((write): [Scheme, string] => [scheme, write]),
)

// guards: X8
test.for(CASES)(
  '%s %s under the fence of a lock is done while it is held, and only then',
  async ([scheme, kind]) => {
    await using world = await openWorld(scheme)
    const { storage, client } = world
    const write = WRITES[kind]
    if (write === undefined) throw new Error(`there is no ${kind}`)
    await fill(storage, 'a', 'b')
    await using session = await client.openSession(PATH)
    await using other = await world.another().openSession(PATH)
    const lock = await session.mutex('door').lock()
    const waiting = other.mutex('door').lock()
    await lock.release()
    await using next = await waiting
    const before = await storage.getRange('', '\u{10FFFF}')
    expect(await failure(write(storage, lock))).toBeInstanceOf(FencedError)
    expect(await storage.getRange('', '\u{10FFFF}')).toEqual(before)
    await write(storage, next)
    expect(await storage.getRange('', '\u{10FFFF}')).not.toEqual(before)
  },
)

test.for(SCHEMES)(
  'a released lock protects no write, though nobody holds it now, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage, client } = world
    await using session = await client.openSession(PATH)
    const lock = await session.mutex('door').lock()
    await storage.put({ key: 'a', value: '1' }, { fence: lock })
    await lock.release()
    const late = storage.put({ key: 'a', value: '2' }, { fence: lock })
    expect(await failure(late)).toBeInstanceOf(FencedError)
    const never = storage.put({ key: 'a', value: '2' }, { fence: { name: 'nowhere', token: 1n } })
    expect(await failure(never)).toBeInstanceOf(FencedError)
    expect(textOf(await storage.get('a'))).toBe('1')
  },
)

test.for(SCHEMES)('a leadership is a fence, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage, client } = world
  await using session = await client.openSession(PATH)
  const leadership = await session.election('chair').campaign('me')
  const fence = { name: 'chair', token: leadership.token }
  await storage.put({ key: 'a', value: '1' }, { fence })
  await leadership.resign()
  const late = storage.put({ key: 'a', value: '2' }, { fence })
  expect(await failure(late)).toBeInstanceOf(FencedError)
})

// guards: X8
test.for(SCHEMES)(
  'a token is the newest while its grant is held, for any client, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { client } = world
    const elsewhere = world.another()
    await using session = await client.openSession(PATH)
    await using other = await elsewhere.openSession(PATH)
    expect(await client.checkToken(PATH, 'door', 1n)).toBe(false)
    const lock = await session.mutex('door').lock()
    expect(await elsewhere.checkToken(PATH, 'door', lock.token)).toBe(true)
    expect(await elsewhere.checkToken(PATH, 'door', lock.token + 1n)).toBe(false)
    expect(await elsewhere.checkToken(PATH, 'window', lock.token)).toBe(false)
    const waiting = other.mutex('door').lock()
    await lock.release()
    await using next = await waiting
    expect(await client.checkToken(PATH, 'door', lock.token)).toBe(false)
    expect(await client.checkToken(PATH, 'door', next.token)).toBe(true)
  },
)

test.for(SCHEMES)(
  'of several who hold a semaphore only the newest grant is the newest, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { client } = world
    await using session = await client.openSession(PATH)
    await using other = await client.openSession(PATH)
    await using older = await session.semaphore('pool', { limit: 2 }).acquire()
    const newer = await other.semaphore('pool', { limit: 2 }).acquire()
    expect(await client.checkToken(PATH, 'pool', older.token)).toBe(false)
    expect(await client.checkToken(PATH, 'pool', newer.token)).toBe(true)
    await newer.release()
    expect(await client.checkToken(PATH, 'pool', newer.token)).toBe(false)
  },
)
