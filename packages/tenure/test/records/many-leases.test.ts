/**
 * What many record leases of one client cost, and what becomes of their records when it dies.
 *
 * guards: K3, S2
 */
import { expect, test } from 'vitest'
import {
  boundMs,
  costOf,
  HEARTBEAT_BYTES_MAX,
  HEARTBEATS_PER_TTL_MAX,
  removalAfter,
} from './many-leases.ts'

const TENANTS = { leases: 500, ttlMs: 2_000 } as const

test.concurrent('hundreds of leases of one client cost one heartbeat per interval', async () => {
  const { messages, bytes, elapsedMs, lost, records } = await costOf(TENANTS)
  expect({ lost, records }).toEqual({ lost: 0, records: TENANTS.leases })
  expect(messages).toBeGreaterThan(0)
  expect(messages).toBeLessThan((elapsedMs / TENANTS.ttlMs) * HEARTBEATS_PER_TTL_MAX + 1)
  expect(bytes).toBeLessThan((messages + 1) * HEARTBEAT_BYTES_MAX)
})

test.concurrent.for(['cut', 'silence'] as const)(
  'the records of a client that dies are gone in time, and not before it has stopped to believe in them: %s',
  async (death) => {
    const { tookMs, believed } = await removalAfter(death, TENANTS)
    expect(tookMs).toBeLessThan(boundMs(TENANTS.ttlMs, death === 'silence'))
    expect(believed).toBe(0)
  },
)
