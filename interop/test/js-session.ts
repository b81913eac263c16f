/**
 * A session as YDB's JavaScript coordination client (and the Python one) keeps it: no protection key, sequence number always 0,
 * 30 s timeout, request ids that count from 1, pings answered at once, and at the end a `session_stop` whose answer it waits for.
 */
import type { Driver } from '@ydbjs/core'
import { atEnd, NODE } from './ground.ts'
import { Inbox } from './inbox.ts'
import { type HeardCase, type HeardValue, type Said, SessionWire } from './session-wire.ts'

const TIMEOUT_MS = 30_000n

/** The requests that carry an id. */
type Asked = Extract<Said, { value: { reqId?: bigint } }>

export class JsSession {
  readonly wire: SessionWire
  readonly pings: bigint[] = []
  readonly #inbox = new Inbox()
  #lastId = 0n
  id = 0n

  private constructor(driver: Driver) {
    this.wire = new SessionWire(driver, (message) => {
      if (message.case !== 'ping') return this.#inbox.put(message)
      const { opaque } = message.value
      this.pings.push(opaque)
      this.wire.say({ case: 'pong', value: { opaque } })
    })
    atEnd(() => this.wire.cancel())
  }

  /** @param sessionId of a session to come back to; 0n for a new one */
  static async open(driver: Driver, sessionId: bigint = 0n): Promise<JsSession> {
    const session = new JsSession(driver)
    const seqNo = 0n
    const value = { path: NODE, sessionId, timeoutMillis: TIMEOUT_MS, description: '', seqNo }
    session.wire.say({ case: 'sessionStart', value })
    session.id = (await session.hears('sessionStarted')).sessionId
    return session
  }

  /** Sends a request with the next id. */
  asks(request: Asked): bigint {
    this.#lastId += 1n
    request.value.reqId = this.#lastId
    this.wire.say(request)
    return this.#lastId
  }

  /** The next message that is no ping. */
  async hears<C extends HeardCase>(kind: C): Promise<HeardValue<C>> {
    return this.#inbox.next(kind)
  }

  async close(): Promise<void> {
    this.wire.say({ case: 'sessionStop', value: {} })
    await this.hears('sessionStopped')
    await this.wire.ended
  }
}
