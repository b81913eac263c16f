/** A storage over a fake link and a clock of the test. */
import type { Storage } from '../../src/storage/storage.ts'
import { Client } from '../../src/client.ts'
import type { RecordMessage } from '@tenure/protocol'
import type { Answer, Started } from '../../src/link/link.ts'
import { FakeClock } from '../fake-clock.ts'
import { FakeLink, fixedRandom, settled } from '../fake-link.ts'

export interface FakeStorage {
  readonly storage: Storage
  readonly client: Client
  readonly link: FakeLink
  readonly clock: FakeClock
  /** The last attachment starts, as a session of this id. */
  readonly start: (sessionId?: bigint) => Promise<void>
  /** The connection breaks, and a fresh one starts for the same session. */
  readonly reconnect: () => Promise<void>
  /** The session is gone, and the next one starts. */
  readonly renew: (sessionId: bigint) => Promise<void>
}

export const OFFERS: Partial<Started> = { hasRecords: true, numbersChanges: true }

export function fakeStorage(): FakeStorage {
  const link = new FakeLink()
  const clock = new FakeClock()
  const client = new Client(link, { clock, random: fixedRandom(1) })
  const start = async (sessionId = 7n): Promise<void> => {
    link.last.start({ ...OFFERS, sessionId })
    await settled()
  }
  return {
    storage: client.storage('/local/test'),
    client,
    link,
    clock,
    start,
    async reconnect() {
      const before = link.last
      before.break()
      while (link.last === before) clock.advance(100)
      await start()
    },
    async renew(sessionId) {
      link.last.refuse('SESSION_EXPIRED')
      await start(sessionId)
    },
  }
}

export function message(key: string, version: bigint, value: string = ''): RecordMessage {
  const encoder = new TextEncoder()
  return {
    key: encoder.encode(key),
    value: encoder.encode(value),
    version,
    createdVersion: version,
    lease: 0n,
  }
}

export function written(version: bigint): Answer {
  return { kind: 'record-written', version }
}

/** What a promise is rejected with; to be asked for before that happens. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('nothing was rejected')
}
