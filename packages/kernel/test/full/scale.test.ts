/**
 * Many of everything. Nothing is timed here: with anything quadratic these tests do not end within the runner's patience.
 */
import { expect, test } from 'vitest'
import { Kernel } from '@tenure/kernel'
import type { Step } from '@tenure/kernel'
import { TestNode, kinds } from '../node.ts'

const WAITERS = 50_000
const SESSIONS = 100_000

function crowd(sessions: number): TestNode {
  const node = new TestNode()
  node.keeps = false
  for (let index = 0; index < sessions; index++) node.attach()
  return node
}

test('50,000 waiters on one semaphore come and are granted one by one', () => {
  const node = crowd(WAITERS)
  node.create('jobs', 1n)
  for (let session = 1n; session <= WAITERS; session++) {
    node.acquire(session, 'jobs', { timeoutMs: 86_400_000n - session })
  }
  expect(node.kernel.statistics()).toMatchObject({ owners: 1, waiters: WAITERS - 1 })
  let told = 0
  for (let session = 1n; session < WAITERS; session++) {
    told += node.release(session, 'jobs').events.length
  }
  expect(told).toBe(2 * (WAITERS - 1))
  expect(node.kernel.statistics()).toMatchObject({ owners: 1, waiters: 0 })
  expect(node.kernel.nextDeadlineMs()).toBe(Infinity)
})

test('50,000 waiters are granted at once, and leave from the back, and time out together', () => {
  const node = crowd(WAITERS)
  node.create('jobs', BigInt(WAITERS))
  node.acquire(1n, 'jobs', { count: BigInt(WAITERS) })
  for (let session = 2n; session <= WAITERS; session++) node.acquire(session, 'jobs')
  expect(node.release(1n, 'jobs').events).toHaveLength(WAITERS)
  for (let session = 2n; session <= WAITERS; session++) node.release(session, 'jobs')

  node.acquire(1n, 'jobs', { count: BigInt(WAITERS) })
  for (let session = 2n; session <= WAITERS; session++) node.acquire(session, 'jobs')
  for (let session = BigInt(WAITERS); session > WAITERS / 2; session--)
    node.release(session, 'jobs')
  for (let session = 2n; session <= WAITERS / 2; session++)
    node.acquire(session, 'jobs', { timeoutMs: 10n })
  expect(kinds(node.advance(10))).toHaveLength(WAITERS / 2 - 1)
  expect(node.kernel.statistics()).toMatchObject({ owners: 1, waiters: 0 })
})

test('100,000 sessions with a semaphore each come back from their rows, and expire', () => {
  const node = new TestNode()
  const rows = node.store.entries()
  node.keeps = false
  const keep = ({ writes }: Step): void => {
    for (const write of writes) if (write.kind === 'put') rows.push([write.key, write.value])
  }
  for (let session = 1; session <= SESSIONS; session++) keep(node.attach())
  for (let session = 1; session <= SESSIONS; session++) {
    // Names of one length, so that the rows are made in the order of their keys.
    keep(node.acquire(BigInt(session), `own-${SESSIONS + session}`, { ephemeral: true }))
  }
  const [counters] = node.kernel.seal()
  if (counters?.kind === 'put') rows.unshift([counters.key, counters.value])

  node.kernel = new Kernel()
  for (const row of rows) node.kernel.load(row)
  node.kernel.start(0)
  expect(node.kernel.statistics()).toMatchObject({
    sessions: SESSIONS,
    semaphores: SESSIONS,
    owners: SESSIONS,
  })
  for (let session = 2n; session <= SESSIONS; session += 2n) node.attach(session)
  expect(node.advance(20_000).writes).toHaveLength(SESSIONS)
  expect(node.kernel.statistics()).toMatchObject({
    sessions: SESSIONS / 2,
    semaphores: SESSIONS / 2,
  })
})

test('one session that holds 100,000 semaphores gives them back when it ends', () => {
  const node = crowd(2)
  for (let index = 0; index < WAITERS; index++) {
    node.acquire(1n, `n${index}`, { ephemeral: true, count: 2n })
    node.acquire(2n, `n${index}`, { ephemeral: true, count: 0xffff_ffff_ffff_ffffn })
  }
  node.detach(1n)
  expect(node.advance(10_000).events).toHaveLength(WAITERS)
  expect(node.kernel.statistics()).toMatchObject({ sessions: 1, owners: WAITERS, waiters: 0 })
})

test('100,000 watches of one name do not slow what they do not listen for, and all hear what they do', () => {
  const node = crowd(WAITERS)
  node.create('jobs', 1n)
  for (let session = 1n; session <= WAITERS; session++) {
    const asked = { stream: Number(session), requestId: session, session, name: 'jobs' }
    const flags = {
      owners: false,
      waiters: false,
      watchOwners: false,
      watchAbsent: false,
      watchStands: false,
    }
    node.kernel.apply({ kind: 'describe-semaphore', ...asked, ...flags, watchData: true }, 0)
  }
  for (let index = 0; index < 20_000; index++) {
    node.acquire(1n, 'jobs')
    node.release(1n, 'jobs')
  }
  const asked = { stream: 1, requestId: 1n, session: 1n, name: 'jobs' }
  const update = node.kernel.apply(
    { kind: 'update-semaphore', ...asked, data: new Uint8Array([1]) },
    0,
  )
  expect(update.events).toHaveLength(WAITERS + 1)
  expect(node.kernel.statistics().watches).toBe(0)
})
