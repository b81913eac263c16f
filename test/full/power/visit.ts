/** Sessions taken up by their number and key, as a client that has lost its server does; also at a server that never saw them. */
import type { AttachmentEnd } from '@tenure/client'
import { YdbLink } from '@tenure/client'

const HEARTBEAT_MS = 10_000
const TIMEOUT_MS = 30_000
/** Above the number of every attempt that a session's own client can have made. */
const SEQUENCE_NUMBER = 1n << 40n

export interface Claim {
  readonly path: string
  /** 0n for a new session. */
  readonly sessionId: bigint
  readonly protectionKey: Uint8Array
}

/** How it went: the session's number when it was taken up, and how it ended. */
export interface Visit {
  readonly sessionId: bigint | null
  readonly end: AttachmentEnd['kind'] | 'left'
}

/**
 * Takes a session up.
 *
 * @param after what to do with a session that has been taken up: end it, or leave it as it is
 */
export async function visit(
  address: string,
  claim: Claim,
  after: 'stop' | 'leave',
): Promise<Visit> {
  const link = new YdbLink(address)
  try {
    return await new Promise<Visit>((resolve) => {
      let sessionId: bigint | null = null
      const attachment = link.attach(
        {
          ...claim,
          timeoutMs: TIMEOUT_MS,
          description: '',
          sequenceNumber: claim.sessionId === 0n ? 0n : SEQUENCE_NUMBER,
          heartbeatMs: HEARTBEAT_MS,
        },
        {
          started(started) {
            ;({ sessionId } = started)
            if (after === 'stop') {
              attachment.stop()
              return
            }
            attachment.leave()
            resolve({ sessionId, end: 'left' })
          },
          contact: () => undefined,
          noticed: () => undefined,
          ended: ({ kind }) => resolve({ sessionId, end: kind }),
        },
      )
    })
  } finally {
    await link.close()
  }
}
