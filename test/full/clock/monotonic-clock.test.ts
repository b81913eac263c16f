/**
 * A server whose monotonic clock begins anew, as after a reboot or on another machine: what is stored depends on no reading
 * of a clock that is gone.
 *
 * guards: S3, S5, S6
 */
import { spawnSync } from 'node:child_process'
import { connect } from 'tenure'
import { expect, test } from 'vitest'
import { lacks } from '../../needs.ts'
import { ServerProcess } from '../../program.ts'

const DAY_S = 86_400
const TIMEOUT_MS = 10_000

/** A time namespace whose monotonic clock is so much ahead. */
const ahead = (seconds: number): { inside: readonly string[] } => ({
  inside: ['unshare', '--time', '--monotonic', String(seconds), '--'],
})

test('sessions and their locks outlive restarts on machines of any age', async (context) => {
  const [command = '', ...words] = ahead(DAY_S).inside
  if (spawnSync(command, [...words, 'true']).status !== 0) lacks(context, 'netns')
  await using server = await ServerProcess.start(ahead(DAY_S))
  await using client = connect(server.address)
  const options = { timeout: TIMEOUT_MS, createNode: true }
  await using session = await client.openSession('/local/age', options)
  await using lease = await session.mutex('held').lock()
  for (const seconds of [0, 20 * DAY_S, 0]) {
    await server.end('SIGKILL')
    await server.start(ahead(seconds))
    const { owners } = await session.semaphore('held').describe({ owners: true })
    expect(owners).toMatchObject([{ sessionId: session.id, orderId: lease.token }])
    expect((await server.metrics()).get('tenure_session_expirations_total')).toBe(0)
  }
  expect(lease.signal.aborted).toBe(false)
})
