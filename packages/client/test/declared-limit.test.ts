/** What a declared limit costs, and what it does when somebody else is in between: messages that only a fake server shows and times. */
import { expect, test } from 'vitest'
import { SemaphoreLimitMismatchError } from '../src/errors.ts'
import type { Answer, Started } from '../src/link/link.ts'
import { fakeSession, type FakeWorld, settled } from './fake-link.ts'

const NOT_FOUND = { kind: 'refused', code: 'NOT_FOUND', message: '' } as const
const MISMATCH = { kind: 'refused', code: 'LIMIT_MISMATCH', message: '' } as const

function described(limit: bigint): Answer {
  const data = new Uint8Array(0)
  const rest = { data, ephemeral: false, held: 0n, owners: [], waiters: [] }
  return { kind: 'described', description: { name: 'a', limit, ...rest }, watchAdded: false }
}

function world(offers: Partial<Started> = { createsOnAcquire: true }): Promise<FakeWorld> {
  return fakeSession({}, offers)
}

/** Answers the latest request. */
async function answer({ link }: FakeWorld, given: Answer): Promise<void> {
  link.last.last.answer(given)
  await settled()
}

function kinds({ link }: FakeWorld): string[] {
  return link.last.sent.map(({ request }) => request.kind)
}

test('where an acquire can create its semaphore, the first one of a handle is the only message', async () => {
  const fake = await world()
  const semaphore = fake.session.semaphore('a', { limit: 2 })
  const taken = semaphore.tryAcquire()
  await settled()
  expect(fake.link.last.of('acquire')[0]?.request).toMatchObject({ createLimit: 2n })
  await answer(fake, { kind: 'acquired', token: 4n })
  expect((await taken)?.token).toBe(4n)
  const again = semaphore.tryAcquire()
  await settled()
  expect(await again).toBeNull()
  void (await taken)?.release()
  await answer(fake, { kind: 'released', released: true })
  void semaphore.acquire().catch(() => {})
  await settled()
  expect(kinds(fake)).toEqual(['acquire', 'release', 'acquire'])
  expect(fake.link.last.of('acquire')[1]?.request.createLimit).toBeUndefined()
})

test('where it cannot, the semaphore is looked for and created before', async () => {
  const fake = await world({ createsOnAcquire: false })
  void fake.session
    .semaphore('a', { limit: 2 })
    .acquire()
    .catch(() => {})
  await settled()
  await answer(fake, NOT_FOUND)
  await answer(fake, { kind: 'done' })
  expect(kinds(fake)).toEqual(['describe', 'create', 'acquire'])
  expect(fake.link.last.of('acquire')[0]?.request.createLimit).toBeUndefined()
})

test('a mismatch names both limits', async () => {
  const fake = await world()
  const taken = fake.session.semaphore('a', { limit: 2 }).acquire({ timeout: 1_000 })
  taken.catch(() => {})
  await settled()
  await answer(fake, MISMATCH)
  await answer(fake, described(5n))
  await expect(taken).rejects.toThrow(SemaphoreLimitMismatchError)
  await expect(taken).rejects.toThrow('has limit 5, this handle declares 2')
})

test('a semaphore of another limit that is replaced in the same moment is acquired', async () => {
  const fake = await world()
  const taken = fake.session.semaphore('a', { limit: 2 }).acquire()
  await settled()
  await answer(fake, MISMATCH)
  await answer(fake, described(2n))
  await answer(fake, { kind: 'acquired', token: 9n })
  expect((await taken).token).toBe(9n)
})

test('a first acquire that meets a server which cannot create it finds its way all the same', async () => {
  const fake = await world()
  const taken = fake.session.semaphore('a', { limit: 2 }).acquire()
  await settled()
  await answer(fake, NOT_FOUND)
  await answer(fake, NOT_FOUND)
  await answer(fake, { kind: 'done' })
  await answer(fake, { kind: 'acquired', token: 3n })
  expect((await taken).token).toBe(3n)
  expect(kinds(fake)).toEqual(['acquire', 'describe', 'create', 'acquire'])
})
