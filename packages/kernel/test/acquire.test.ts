/**
 * An acquire that brings its semaphore along.
 *
 * guards: X1, X2, L4
 */
import type { Limits } from '@tenure/kernel'
import { MAX_U64 } from '@tenure/kernel'
import { expect, test } from 'vitest'
import { NOTHING, TestNode, kinds } from './node.ts'

function nodeWith(sessions: number, limits: Partial<Limits> = {}): TestNode {
  const node = new TestNode(limits)
  for (let session = 0; session < sessions; session++) node.attach()
  return node
}

function describe(node: TestNode, name: string, watches = false): readonly unknown[] {
  const wish = { owners: true, waiters: true, watchAbsent: watches, watchStands: false }
  const watch = { watchData: watches, watchOwners: false }
  const asked = { stream: 2, session: 2n, requestId: 9n, name }
  const step = node.kernel.apply({ kind: 'describe-semaphore', ...asked, ...wish, ...watch }, 0)
  return step.events
}

test('an absent semaphore is created with the limit that an acquire brings, and acquired in the same step', () => {
  const node = nodeWith(2)
  const { events } = node.acquire(1n, 'jobs', { createLimit: 3n, data: new Uint8Array([7]) })
  expect(events).toEqual([{ kind: 'acquired', stream: 1, requestId: 3n, orderId: 1n }])
  const described = {
    description: { name: 'jobs', limit: 3n, data: NOTHING, ephemeral: false, held: 1n },
  }
  expect(describe(node, 'jobs')).toMatchObject([described])
  node.restart()
  node.attach(2n)
  expect(describe(node, 'jobs')).toMatchObject([described])
  node.attach(1n)
  node.release(1n, 'jobs')
  expect(node.kernel.statistics()).toMatchObject({ semaphores: 1, owners: 0 })
})

test('a semaphore that has the limit already is acquired as always', () => {
  const node = nodeWith(3)
  node.create('jobs', 1n)
  expect(kinds(node.acquire(1n, 'jobs', { createLimit: 1n }))).toEqual(['acquired'])
  expect(kinds(node.acquire(2n, 'jobs', { createLimit: 1n }))).toEqual(['pending'])
  expect(kinds(node.acquire(3n, 'jobs', { createLimit: 1n, timeoutMs: 0n }))).toEqual([
    'not-acquired',
  ])
  expect(kinds(node.acquire(1n, 'jobs', { createLimit: 1n }))).toEqual(['acquired'])
})

test('a semaphore with another limit is refused with both limits, and nothing changes', () => {
  const node = nodeWith(2)
  node.create('jobs', 2n)
  node.acquire(1n, 'mine', { ephemeral: true })
  for (const [name, limit] of [
    ['jobs', 2n],
    ['mine', MAX_U64],
  ] as const) {
    const { events, writes } = node.acquire(2n, name, { createLimit: 3n, count: 3n })
    expect(events).toMatchObject([{ kind: 'refused', code: 'LIMIT_MISMATCH' }])
    const message = events.flatMap((event) => (event.kind === 'refused' ? [event.message] : []))
    expect(message.join('')).toMatch(new RegExp(`${name}.* limit ${limit}.* limit 3`))
    expect(writes).toEqual([])
  }
  expect(node.acquire(2n, 'mine', { createLimit: MAX_U64 }).events).toMatchObject([
    { kind: 'refused', code: 'LIMIT_MISMATCH' },
  ])
  expect(node.kernel.statistics()).toMatchObject({ owners: 1, waiters: 0 })
})

test('a limit that cannot be, or is too small for the count, creates nothing', () => {
  const node = nodeWith(1)
  node.create('there', 1n)
  for (const terms of [
    { createLimit: 0n },
    { createLimit: -1n },
    { createLimit: MAX_U64 + 1n },
    { createLimit: 2n, ephemeral: true },
    { createLimit: 2n, count: 3n },
    { createLimit: 2n, count: 0n },
  ]) {
    for (const name of ['absent', 'there']) {
      const { events, writes } = node.acquire(1n, name, terms)
      expect(events, `${name} ${terms.createLimit}`).toMatchObject([
        { kind: 'refused', code: 'INVALID_ARGUMENT' },
      ])
      expect(writes).toEqual([])
    }
  }
  expect(node.kernel.statistics()).toMatchObject({ semaphores: 1, owners: 0 })
})

test('a semaphore that comes with an acquire keeps to the limits of names, semaphores and holders', () => {
  const node = nodeWith(2, { nameBytesMax: 5, semaphoresMax: 2, holdersMax: 1 })
  const code = (session: bigint, name: string): unknown =>
    node
      .acquire(session, name, { createLimit: 1n })
      .events.map((event) => (event.kind === 'refused' ? event.code : event.kind))
  expect(code(1n, 'longer')).toEqual(['INVALID_ARGUMENT'])
  expect(code(1n, '\ud800')).toEqual(['INVALID_ARGUMENT'])
  expect(code(1n, 'one')).toEqual(['acquired'])
  expect(code(2n, 'two')).toEqual(['PRECONDITION_FAILED'])
  node.release(1n, 'one')
  expect(code(2n, 'two')).toEqual(['acquired'])
  node.release(2n, 'two')
  expect(code(1n, 'three')).toEqual(['PRECONDITION_FAILED'])
  expect(node.kernel.statistics()).toMatchObject({ semaphores: 2, owners: 0 })
})

test('whoever watches the absent name hears that it has come', () => {
  const node = nodeWith(2)
  describe(node, 'jobs', true)
  expect(node.acquire(1n, 'jobs', { createLimit: 1n }).events).toEqual([
    { kind: 'acquired', stream: 1, requestId: 3n, orderId: 1n },
    { kind: 'changed', stream: 2, requestId: 9n, session: 2n, data: true, owners: true },
  ])
})

test('the row of a new semaphore is written before the row of its owner', () => {
  const node = nodeWith(1)
  const { writes } = node.acquire(1n, 'jobs', { createLimit: 1n })
  expect(writes.map(({ kind }) => kind)).toEqual(['put', 'put'])
  node.keeps = false
  const [semaphore] = writes
  if (semaphore === undefined) throw new Error('nothing was written')
  const partly = new TestNode()
  partly.store.apply([semaphore])
  expect(() => partly.restart()).not.toThrow()
  expect(partly.kernel.statistics()).toMatchObject({ semaphores: 1, owners: 0 })
})
