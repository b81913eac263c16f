/**
 * Recorded sessions with spoilt bytes: whatever they are taken for, they hurt nobody else.
 *
 * guards: M1, M2, M3, O5
 */
import { expect, test } from 'vitest'
import { freshSeed } from '../../../../test/seed.ts'
import { Canary } from './canary.ts'
import { serveNode } from './harness.ts'
import { sendSpoilt } from './mutations.ts'

const COUNT = 300

test(`${COUNT} spoilt sessions hurt nobody else`, async () => {
  const seed = freshSeed()
  const { server, client } = await serveNode()
  const keeper = await client.session({ timeoutMillis: 30_000n })
  const held = { name: 'not in any recording', count: 1n, ephemeral: true }
  keeper.send({ case: 'acquireSemaphore', value: held })
  await keeper.next('acquireSemaphoreResult')
  const canary = await Canary.beside(server.grpcAddress)
  await sendSpoilt(server.grpcAddress, canary, { seed, count: COUNT })
  keeper.send({ case: 'describeSemaphore', value: { name: held.name, includeOwners: true } })
  const { semaphoreDescription } = await keeper.next('describeSemaphoreResult')
  const { owners } = semaphoreDescription ?? { owners: [] }
  expect({ seed, owners }).toMatchObject({ seed, owners: [{ sessionId: keeper.sessionId }] })
  const { attachedSessions, counters } = server.statistics()
  expect({ seed, attachedSessions, ends: counters.ends }).toMatchObject({
    seed,
    attachedSessions: 2,
    ends: { failed: 0, fenced: 0 },
  })
})
