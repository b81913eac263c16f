/**
 * What a client believes of the record leases that it keeps alive. A fake link and a clock of the test: silence, lost answers and lost
 * sessions come at a given millisecond.
 *
 * guards: K3
 */
import { expect, test } from 'vitest'
import {
  LeaseReleasedError,
  NotFoundError,
  UnavailableError,
  WrongLeaseError,
} from '../../src/errors.ts'
import { settled } from '../fake-link.ts'
import { fakeStorage, rejectionOf } from './fake-storage.ts'
import { granted, keptLease, TTL_MS, WRONG_LEASE } from './kept-lease.ts'

/** 5 % of the ttl. */
const MARGIN_MS = 500

test('a kept lease is over when nothing was heard for its ttl without the margin, and not before', async () => {
  const world = fakeStorage()
  const { clock, link } = world
  const lease = await keptLease(world)
  const { signal } = lease
  clock.advance(TTL_MS - MARGIN_MS - 1)
  expect(signal.aborted).toBe(false)
  expect(lease.ttl).toBe(MARGIN_MS + 1)
  clock.advance(1)
  expect(signal.reason).toBeInstanceOf(WrongLeaseError)
  expect(lease.ttl).toBe(0)
  // A session that is sound after all must not keep it any longer.
  expect(link.last.of('release-lease')).toHaveLength(1)
})

test('each contact with the session is good for each of its leases', async () => {
  const world = fakeStorage()
  const { clock, link } = world
  const leases = [await keptLease(world, 5n), await keptLease(world, 6n)]
  clock.advance(9_000)
  link.last.listener.contact(clock.monotonicMs() - 1_000)
  clock.advance(TTL_MS - MARGIN_MS - 1_001)
  for (const { signal } of leases) expect(signal.aborted).toBe(false)
  clock.advance(1)
  for (const { signal } of leases) expect(signal.aborted).toBe(true)
})

test('a contact that is heard too late brings no lease back', async () => {
  const world = fakeStorage()
  const { clock, link } = world
  const lease = await keptLease(world)
  clock.stall(TTL_MS)
  link.last.listener.contact(clock.monotonicMs())
  expect(lease.signal.reason).toBeInstanceOf(WrongLeaseError)
})

test('after a pause a lease is over at the first look, before any timer has fired', async () => {
  const world = fakeStorage()
  const lease = await keptLease(world)
  const { signal } = lease
  world.clock.stall(TTL_MS)
  expect(signal.aborted).toBe(false)
  expect(lease.ttl).toBe(0)
  expect(signal.aborted).toBe(true)
})

test('contact is made at least four times in the shortest ttl, on every attachment', async () => {
  const world = fakeStorage()
  const { storage, link, reconnect } = world
  const made = storage.lessor.newLease(1_000, { keepAlive: true })
  await world.start()
  expect(link.last.heartbeatMs).toBeLessThanOrEqual(250)
  link.last.last.answer(granted(5n, 1_000n))
  await made
  await reconnect()
  expect(link.last.request.heartbeatMs).toBeLessThanOrEqual(250)
  void keptLease(world, 6n)
  expect(link.last.heartbeatMs).toBeLessThanOrEqual(250)
})

test('defect "one timer and one message for each lease": ten thousand leases have one timer and cost no message', async () => {
  const world = fakeStorage()
  const { storage, link, clock } = world
  const made = Array.from({ length: 10_000 }, () =>
    storage.lessor.newLease(TTL_MS, { keepAlive: true }),
  )
  await world.start()
  link.last.sent.forEach(({ answer }, index) => answer(granted(BigInt(index + 1))))
  const leases = await Promise.all(made)
  const timers = clock.pending
  expect(timers).toBeLessThan(5)
  for (let second = 0; second < 60; second += 1) {
    clock.advance(1_000)
    link.last.listener.contact(clock.monotonicMs())
  }
  expect(link.last.sent).toHaveLength(10_000)
  expect(clock.pending).toBeLessThanOrEqual(timers)
  expect(leases.some(({ signal }) => signal.aborted)).toBe(false)
})

test('what the server says of the end of a lease ends it', async () => {
  const world = fakeStorage()
  const lease = await keptLease(world)
  const other = await keptLease(world, 6n)
  world.link.last.listener.noticed({ kind: 'lease-ended', lease: 5n })
  expect(lease.signal.reason).toBeInstanceOf(WrongLeaseError)
  expect(other.signal.aborted).toBe(false)
  await lease.release()
  expect(world.link.last.of('release-lease')).toEqual([])
})

test('an end that comes with the grant itself is heard', async () => {
  const world = fakeStorage()
  const made = world.storage.lessor.newLease(TTL_MS, { keepAlive: true })
  await world.start()
  const { last } = world.link
  last.last.answer(granted(5n))
  last.listener.noticed({ kind: 'lease-ended', lease: 5n })
  expect((await made).signal.reason).toBeInstanceOf(WrongLeaseError)
})

test('a grant whose session is lost in the same turn is kept by the next one', async () => {
  const world = fakeStorage()
  const made = world.storage.lessor.newLease(TTL_MS, { keepAlive: true })
  await world.start()
  world.link.last.last.answer(granted(5n))
  world.link.last.refuse('SESSION_EXPIRED')
  const lease = await made
  await world.start(8n)
  expect(world.link.last.of('keep-lease').map(({ request }) => request.lease)).toEqual([5n])
  world.link.last.last.answer({ kind: 'done' })
  await settled()
  expect(lease.signal.aborted).toBe(false)
})

test('when the session is lost the next one keeps the leases, which live on', async () => {
  const world = fakeStorage()
  const { link, clock, renew } = world
  const lease = await keptLease(world)
  clock.advance(5_000)
  await renew(8n)
  const [sent] = link.last.of('keep-lease')
  expect(sent?.request.lease).toBe(5n)
  // Until the new session keeps it, to hear from that session says nothing of the lease.
  link.last.listener.contact(clock.monotonicMs())
  expect(lease.ttl).toBe(5_000)
  sent?.answer({ kind: 'done' })
  await settled()
  expect(lease.ttl).toBe(TTL_MS)
  clock.advance(9_000)
  expect(lease.signal.aborted).toBe(false)
})

test('a lease that the next session cannot keep is over', async () => {
  const world = fakeStorage()
  const lease = await keptLease(world)
  await world.renew(8n)
  world.link.last.last.answer(WRONG_LEASE)
  await settled()
  expect(lease.signal.reason).toBeInstanceOf(WrongLeaseError)
})

test('a lease that no session has taken over in time is over, and asks for none any more', async () => {
  const world = fakeStorage()
  const { link, clock } = world
  const lease = await keptLease(world)
  const { signal } = lease
  clock.advance(5_000)
  link.last.refuse('SESSION_EXPIRED')
  clock.advance(TTL_MS - MARGIN_MS - 5_001)
  expect(signal.aborted).toBe(false)
  clock.advance(1)
  expect(signal.reason).toBeInstanceOf(WrongLeaseError)
  // The release that follows is tried for a bounded time.
  clock.advance(20_000)
  await settled()
  const { length } = link.attachments
  clock.advance(60_000)
  await settled()
  expect(link.attachments).toHaveLength(length)
  expect(clock.holders).toBe(0)
})

test('no process stays alive for a lease that it keeps, also while the server is away', async () => {
  const world = fakeStorage()
  const { storage, link, clock } = world
  const made = storage.lessor.newLease(600_000, { keepAlive: true })
  expect(clock.holders).toBe(1)
  await world.start()
  link.last.last.answer(granted(5n, 600_000n))
  await made
  expect(clock.holders).toBe(0)
  link.last.refuse('SESSION_EXPIRED')
  for (let second = 0; second < 30; second += 1) {
    await settled()
    expect(clock.holders).toBe(0)
    clock.advance(1_000)
  }
  const call = storage.get('a').catch(() => null)
  expect(clock.holders).toBe(1)
  clock.advance(10_000)
  await call
  expect(clock.holders).toBe(0)
})

test('a keep whose session is lost is asked of the one after', async () => {
  const world = fakeStorage()
  const lease = await keptLease(world)
  await world.renew(8n)
  const { answer } = world.link.last.last
  // Answered and lost in one turn: what the session said is of no use to the next.
  answer({ kind: 'done' })
  world.link.last.refuse('SESSION_EXPIRED')
  await world.start(9n)
  expect(world.link.last.of('keep-lease')).toHaveLength(1)
  world.link.last.last.answer({ kind: 'done' })
  await settled()
  expect(lease.signal.aborted).toBe(false)
})

test('a session that was silent too long is left, not stopped: its leases wait for the next one', async () => {
  const world = fakeStorage()
  const { storage, link, clock } = world
  const made = storage.lessor.newLease(600_000, { keepAlive: true })
  await world.start()
  link.last.last.answer(granted(5n, 600_000n))
  const lease = await made
  const before = link.last
  clock.advance(30_000)
  await settled()
  expect(before.isLeft).toBe(true)
  expect(before.isStopped).toBe(false)
  expect(link.attachments.length).toBeGreaterThan(1)
  expect(lease.signal.aborted).toBe(false)
})

test('a grant whose answer was lost is believed only when the session keeps the lease', async () => {
  const world = fakeStorage()
  const { storage, link, reconnect } = world
  const made = storage.lessor.newLease(TTL_MS, { keepAlive: true })
  await world.start()
  await reconnect()
  link.last.last.answer(granted(5n))
  await settled()
  link.last.of('keep-lease')[0]?.answer(WRONG_LEASE)
  await settled()
  expect(link.last.of('grant-lease')).toHaveLength(2)
  link.last.last.answer(granted(6n))
  expect((await made).id).toBe(6n)
})

test('a lease that was made although nobody waits any more is given back', async () => {
  const world = fakeStorage()
  const { storage, link, clock } = world
  const controller = new AbortController()
  const aborted = storage.lessor.newLease(TTL_MS, { keepAlive: true }, controller.signal)
  const late = storage.lessor.newLease(TTL_MS, { keepAlive: true })
  const failures = [rejectionOf(aborted), rejectionOf(late)]
  await world.start()
  controller.abort('enough')
  clock.advance(10_000)
  expect(await Promise.all(failures)).toEqual(['enough', expect.any(UnavailableError)])
  link.last.sent[0]?.answer(granted(5n))
  link.last.sent[1]?.answer(granted(6n))
  expect(link.last.of('release-lease').map(({ request }) => request.lease)).toEqual([5n, 6n])
})

test('a release is asked for once however often, and again when it failed', async () => {
  const world = fakeStorage()
  const { link, clock } = world
  const lease = await keptLease(world)
  const both = [lease.release(), lease[Symbol.asyncDispose]()]
  expect(lease.signal.reason).toBeInstanceOf(LeaseReleasedError)
  const failed = Promise.allSettled(both)
  expect(link.last.of('release-lease')).toHaveLength(1)
  clock.advance(10_000)
  for (const end of await failed)
    expect(end).toMatchObject({ reason: expect.any(UnavailableError) })
  const again = lease.release()
  expect(link.last.of('release-lease')).toHaveLength(2)
  link.last.last.answer(WRONG_LEASE)
  await again
  await lease.release()
  expect(link.last.of('release-lease')).toHaveLength(2)
})

test('a release goes on in the next session', async () => {
  const world = fakeStorage()
  const lease = await keptLease(world)
  const released = lease.release()
  await world.renew(8n)
  // Numbers are those of a session.
  const [sent] = world.link.last.of('release-lease')
  expect(sent?.request.change).toEqual({ serial: 1n, settledBelow: 1n })
  world.link.last.last.answer({ kind: 'done' })
  await expect(released).resolves.toBeUndefined()
})

test('a lease that runs down is not believed in longer than since it was asked for', async () => {
  const world = fakeStorage()
  const { storage, link, clock } = world
  const made = storage.lessor.newLease(1_000)
  await world.start()
  clock.advance(300)
  link.last.last.answer(granted(5n, 1_000n))
  const lease = await made
  expect(lease.ttl).toBe(700)
  link.last.listener.contact(clock.monotonicMs())
  expect(lease.ttl).toBe(700)
  const { signal } = lease
  clock.advance(700)
  expect(signal.reason).toBeInstanceOf(WrongLeaseError)
  expect(link.last.of('release-lease')).toEqual([])
})

test('S3-27: what describe says of a lease is its rest', async () => {
  const world = fakeStorage()
  const { storage, link, clock } = world
  const finding = storage.lessor.getLease(5n)
  await world.start()
  const described = { kind: 'lease-described', lease: 5n, ttlMs: 60_000n, records: 0 } as const
  link.last.last.answer({ ...described, remainingMs: 700n, isKept: false })
  const lease = await finding
  // The server rounds up.
  expect([lease.ttl, lease.ttlMs]).toEqual([699, 60_000])
  const { signal } = lease
  clock.advance(700)
  expect(signal.reason).toBeInstanceOf(WrongLeaseError)
  const absent = storage.lessor.getLease(6n)
  link.last.last.answer({ kind: 'refused', code: 'NOT_FOUND', message: '' })
  await expect(absent).rejects.toThrow(NotFoundError)
})

test('kept leases are over when the node is gone', async () => {
  const world = fakeStorage()
  const lease = await keptLease(world)
  world.link.last.refuse('NOT_FOUND')
  world.link.last.refuse('NOT_FOUND')
  await settled()
  expect(lease.signal.reason).toBeInstanceOf(NotFoundError)
})
