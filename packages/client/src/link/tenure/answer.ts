/** From the protocol's replies to this library's answers; most are the same. */
import type { Reply } from '@tenure/protocol'
import { descriptionOf } from '../description.ts'
import type { Answer } from '../link.ts'

/** @returns null for what is no answer */
export function answerOf(reply: Reply): Answer | null {
  switch (reply.kind) {
    case 'described': {
      const { kind, description, watchAdded } = reply
      return {
        kind,
        description: description === null ? null : descriptionOf(description),
        watchAdded,
      }
    }
    case 'pending':
    case 'changed':
      return null
    case 'node-described':
    case 'nodes-listed':
    case 'token-checked':
    case 'sessions-listed':
    case 'semaphore-explained':
      return {
        kind: 'refused',
        code: 'INTERNAL',
        message: `the server has answered with ${reply.kind}`,
      }
    case 'refused':
    case 'done':
    case 'acquired':
    case 'not-acquired':
    case 'released':
    case 'record-written':
    case 'record-deleted':
    case 'record-read':
    case 'records-listed':
    case 'records-changed':
    case 'transacted':
    case 'lease-granted':
    case 'lease-described':
      return reply
  }
}
