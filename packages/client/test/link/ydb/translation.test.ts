/** What the messages of a server become. */
import type { HolderMessage } from '@tenure/protocol'
import { expect, test } from 'vitest'
import { answerOf } from '../../../src/link/ydb/translation.ts'

const SUCCESS = 400_000

function holder(orderId: bigint): HolderMessage {
  return { sessionId: 10n - orderId, orderId, count: 1n, data: new Uint8Array(), timeoutMs: 0n }
}

test("owners and waiters are in the order of their grants and of the queue, though YDB's server leaves owners in any order", () => {
  const answer = answerOf({
    kind: 'describe-result',
    requestId: 1n,
    status: SUCCESS,
    issues: [],
    watchAdded: false,
    description: {
      name: 'jobs',
      data: new Uint8Array(),
      limit: 5n,
      ephemeral: false,
      count: 3n,
      owners: [holder(3n), holder(1n), holder(2n)],
      waiters: [holder(5n), holder(4n)],
    },
  })
  expect(answer).toMatchObject({
    description: {
      owners: [{ orderId: 1n }, { orderId: 2n }, { orderId: 3n }],
      waiters: [{ orderId: 4n }, { orderId: 5n }],
    },
  })
})
