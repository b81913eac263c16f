/**
 * What a crash leaves to sessions: their whole timeout and the grace period, from the moment the node is served again.
 *
 * guards: S3, S6, X2, D2
 */
import { YdbLink } from '@tenure/client'
import type { Attachment } from '@tenure/client'
import { connect } from 'tenure'
import { expect, test } from 'vitest'
import { Victim } from '../../crash/victim.ts'

const PATH = '/local/grace'
const NODE = { selfCheckPeriodMs: 500, sessionGracePeriodMs: 1_500 }
const TIMEOUT_MS = 1_500
/** S2: so much later than due a session may go. */
const LATE_MAX_MS = 1_000

/** The id of a session that holds the lock, and whose client never comes back when its connection breaks. */
function ghostOn(link: YdbLink): Promise<bigint> {
  const terms = { name: 'lock', count: 2n ** 64n - 1n, timeoutMs: 2n ** 64n - 1n }
  return new Promise((resolve, reject) => {
    const attachment: Attachment = link.attach(
      {
        path: PATH,
        sessionId: 0n,
        timeoutMs: TIMEOUT_MS,
        description: 'ghost',
        sequenceNumber: 1n,
        protectionKey: new Uint8Array(),
        heartbeatMs: TIMEOUT_MS,
      },
      {
        started: ({ sessionId }) => {
          const request = {
            kind: 'acquire',
            ...terms,
            data: new Uint8Array(),
            ephemeral: true,
          } as const
          attachment.send(request, (answer) => {
            if (answer.kind !== 'acquired') reject(new Error(`answered with ${answer.kind}`))
            else resolve(sessionId)
          })
        },
        contact: () => {},
        noticed: () => {},
        ended: ({ kind }) => reject(new Error(`the ghost was ${kind}`)),
      },
    )
  })
}

test('a session whose client died with the server keeps what it holds for its timeout and the grace period, no longer', async () => {
  await using server = await Victim.start()
  const link = new YdbLink(server.address)
  await link.createNode(PATH, NODE)
  const ghost = await ghostOn(link)
  await server.end('SIGKILL')
  await server.start()
  // The clock of a node starts anew whenever it is loaded.
  await using client = connect(server.address)
  await (await client.openSession(PATH)).close()
  await server.end('SIGKILL')
  await server.start()

  const askedMs = performance.now()
  await using session = await client.openSession(PATH)
  const servedMs = performance.now()
  const { owners } = await session.semaphore('lock').describe({ owners: true })
  expect(owners.map(({ sessionId }) => sessionId)).toEqual([ghost])
  expect(session.id).toBeGreaterThan(ghost)
  await using lease = await session.semaphore('lock').acquire({ count: Infinity, ephemeral: true })
  const grantedMs = performance.now()

  expect(lease.token).toBeGreaterThan(owners[0]?.orderId ?? 0n)
  const dueMs = TIMEOUT_MS + NODE.sessionGracePeriodMs
  expect(grantedMs - askedMs).toBeGreaterThanOrEqual(dueMs)
  expect(grantedMs - servedMs).toBeLessThan(dueMs + LATE_MAX_MS)
  await link.close()
})
