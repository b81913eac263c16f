/**
 * A session as YDB's Go client keeps it.
 *
 * A protection key of 8 bytes, sequence numbers from 0 that grow with each stream, random request ids. It reconnects when
 * `session_started` does not come in time, when a message fits no request it has made, and when it has heard nothing for a while.
 * A request is held back while an earlier one on the same name is neither answered nor pending. After a reconnect it repeats what
 * may be repeated, in the old order. Who gives up waiting sends a release.
 */
import { randomBytes } from 'node:crypto'
import type { Driver } from '@ydbjs/core'
import { StatusIds_StatusCode as Status } from '@ydbjs/api/operation'
import { atEnd, NODE } from './ground.ts'
import { type Heard, type Said, SessionWire } from './session-wire.ts'

/** The defaults of the Go client. */
export interface GoTimes {
  readonly timeoutMs: number
  readonly startMs: number
  readonly stopMs: number
  readonly keepAliveMs: number
  readonly reconnectMs: number
}

const TIMES: GoTimes = {
  timeoutMs: 5_000,
  startMs: 1_000,
  stopMs: 1_000,
  keepAliveMs: 10_000,
  reconnectMs: 500,
}

/** A request and its answers. */
interface Conversation {
  readonly said: Said
  readonly reqId: bigint
  readonly conflictKey: string
  readonly isIdempotent: boolean
  state: 'waiting' | 'sent' | 'acknowledged'
  /** Set when the asker gave up: the release that must be answered before this is over. */
  cancel: { readonly said: Said; readonly reqId: bigint; isSent: boolean } | null
  readonly resolve: (result: Result) => void
  readonly reject: (error: Error) => void
}

type Result = Extract<Heard, { value: { reqId: bigint; status: number } }>['value']

export interface GoAcquire {
  readonly count?: bigint
  readonly timeoutMillis?: bigint
  readonly data?: Uint8Array
  readonly ephemeral?: boolean
}

const FOREVER = 2n ** 64n - 1n

export class GoSession {
  readonly #driver: Driver
  readonly #times: GoTimes
  readonly #protectionKey = randomBytes(8)
  readonly #conversations: Conversation[] = []
  #wire: SessionWire | null = null
  #isStarted = false
  #lastHeardMs = 0
  #seqNo = 0n
  #closing: (() => void) | null = null
  #isOver = false
  id = 0n
  /** Why streams ended before the session did. */
  readonly reconnects: string[] = []

  private constructor(driver: Driver, times: Partial<GoTimes>) {
    this.#driver = driver
    this.#times = { ...TIMES, ...times }
    atEnd(() => {
      this.#isOver = true
      this.#wire?.cancel()
    })
  }

  static async open(driver: Driver, times: Partial<GoTimes> = {}): Promise<GoSession> {
    const session = new GoSession(driver, times)
    await new Promise<void>((resolve, reject) => {
      session.#run(resolve).catch(reject)
    })
    return session
  }

  get transcript(): readonly string[] {
    return this.#wire?.transcript ?? []
  }

  /** @returns whether it was acquired; rejects with the reason of `signal` after giving the place back */
  async acquire(name: string, options: GoAcquire = {}, signal?: AbortSignal): Promise<boolean> {
    const { count = 1n, timeoutMillis = FOREVER, data, ephemeral = false } = options
    const reqId = newId()
    const value = { reqId, name, count, timeoutMillis, ephemeral, ...(data && { data }) }
    const result = await this.#ask({ case: 'acquireSemaphore', value }, name, signal)
    if (result.status !== Status.SUCCESS) throw new Error(Status[result.status])
    return 'acquired' in result && result.acquired
  }

  async release(name: string): Promise<Result> {
    return this.#ask({ case: 'releaseSemaphore', value: { reqId: newId(), name } }, name)
  }

  async describe(name: string): Promise<Result> {
    const value = { reqId: newId(), name, includeOwners: true, includeWaiters: true }
    return this.#ask({ case: 'describeSemaphore', value }, name)
  }

  async create(name: string, limit: bigint): Promise<Result> {
    return this.#ask({ case: 'createSemaphore', value: { reqId: newId(), name, limit } }, name)
  }

  async update(name: string, data: Uint8Array): Promise<Result> {
    return this.#ask({ case: 'updateSemaphore', value: { reqId: newId(), name, data } }, name)
  }

  async delete(name: string): Promise<Result> {
    return this.#ask({ case: 'deleteSemaphore', value: { reqId: newId(), name } }, name)
  }

  /** @returns whether the server said that it has stopped the session before the client stopped waiting */
  async close(): Promise<boolean> {
    const stopped = new Promise<boolean>((resolve) => {
      const late = setTimeout(() => resolve(false), this.#times.stopMs)
      this.#closing = () => {
        clearTimeout(late)
        resolve(true)
      }
    })
    this.#wire?.say({ case: 'sessionStop', value: {} })
    const wasStopped = await stopped
    this.#isOver = true
    this.#wire?.cancel()
    return wasStopped
  }

  #ask(said: Said, conflictKey: string, signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted()
    const reqId = idOf(said)
    return new Promise((resolve, reject) => {
      const isIdempotent = REPEATED.has(said.case)
      const rest = { cancel: null, resolve, reject }
      const made: Conversation = {
        said,
        reqId,
        conflictKey,
        isIdempotent,
        state: 'waiting',
        ...rest,
      }
      this.#conversations.push(made)
      signal?.addEventListener('abort', () => this.#cancel(made, signal.reason), { once: true })
      this.#send()
    })
  }

  #cancel(conversation: Conversation, reason: unknown): void {
    const { conflictKey: name, state } = conversation
    conversation.reject(reason instanceof Error ? reason : new Error(String(reason)))
    if (state === 'waiting') return this.#forget(conversation)
    const reqId = newId()
    const said: Said = { case: 'releaseSemaphore', value: { reqId, name } }
    conversation.cancel = { said, reqId, isSent: false }
    this.#send()
  }

  #forget(conversation: Conversation): void {
    const at = this.#conversations.indexOf(conversation)
    if (at >= 0) this.#conversations.splice(at, 1)
  }

  /** Sends what no earlier request on the same name holds back. */
  #send(): void {
    if (!this.#isStarted || this.#wire === null) return
    const held = new Set<string>()
    for (const conversation of this.#conversations) {
      const { cancel, conflictKey, state } = conversation
      if (cancel !== null && !cancel.isSent) {
        cancel.isSent = true
        this.#wire.say(cancel.said)
      }
      if (state === 'waiting' && !held.has(conflictKey)) {
        conversation.state = 'sent'
        this.#wire.say(conversation.said)
      }
      if (conversation.state !== 'acknowledged' || cancel !== null) held.add(conflictKey)
    }
  }

  async #run(started: () => void): Promise<void> {
    while (!this.#isOver) {
      const why = await this.#stream(started)
      this.#isStarted = false
      if (this.#isOver) return
      this.reconnects.push(why)
      this.#seqNo += 1n
      this.#detach()
      await new Promise((resolve) => setTimeout(resolve, this.#times.reconnectMs))
    }
  }

  /** One stream, until it is over. */
  async #stream(started: () => void): Promise<string> {
    let why = 'the stream ended'
    const wire = new SessionWire(this.#driver, (message) => {
      this.#lastHeardMs = performance.now()
      why = this.#hear(message, started) ?? why
    })
    this.#wire = wire
    const value = {
      path: NODE,
      sessionId: this.id,
      timeoutMillis: BigInt(this.#times.timeoutMs),
      protectionKey: this.#protectionKey,
      seqNo: this.#seqNo,
      description: 'YDB Go SDK',
    }
    wire.say({ case: 'sessionStart', value })
    const start = setTimeout(() => {
      if (this.#isStarted) return
      why = 'not started in time'
      wire.cancel()
    }, this.#times.startMs)
    const { keepAliveMs } = this.#times
    const keepAlive = setInterval(() => {
      if (!this.#isStarted || performance.now() - this.#lastHeardMs <= keepAliveMs) return
      why = 'nothing heard'
      wire.cancel()
    }, keepAliveMs / 10)
    await wire.ended
    clearTimeout(start)
    clearInterval(keepAlive)
    return why
  }

  /** @returns why the stream has to be left */
  #hear(message: Heard, started: () => void): string | null {
    if (message.case === 'ping') {
      this.#wire?.say({ case: 'pong', value: { opaque: message.value.opaque } })
      return null
    }
    if (message.case === 'sessionStarted') {
      if (this.id !== 0n && this.id !== message.value.sessionId) return this.#leave('another id')
      this.id = message.value.sessionId
      this.#isStarted = true
      started()
      this.#send()
      return null
    }
    if (message.case === 'sessionStopped') {
      this.#closing?.()
      return null
    }
    if (message.case === 'failure') {
      return this.#leave(Status[message.value.status] ?? 'failure')
    }
    return message.case === 'pong' || this.#answer(message)
      ? null
      : this.#leave(`unknown ${message.case}`)
  }

  #leave(why: string): string {
    this.#wire?.cancel()
    return why
  }

  /** @returns whether the message fits a request of ours */
  #answer(message: Heard): boolean {
    const { value } = message
    if (value === undefined || !('reqId' in value)) return false
    for (const conversation of this.#conversations) {
      if (conversation.cancel?.reqId === value.reqId) this.#forget(conversation)
      else if (conversation.reqId !== value.reqId) continue
      else if (message.case === 'acquireSemaphorePending') conversation.state = 'acknowledged'
      else if (conversation.cancel === null && 'status' in value) {
        this.#forget(conversation)
        conversation.resolve(value)
      }
      this.#send()
      return true
    }
    return false
  }

  /** What may be repeated waits for the next stream; what may not has failed. */
  #detach(): void {
    for (const conversation of this.#conversations.slice()) {
      if (conversation.cancel !== null) conversation.cancel.isSent = false
      if (conversation.state === 'waiting') continue
      if (conversation.cancel !== null) continue
      if (conversation.isIdempotent) conversation.state = 'waiting'
      else {
        this.#forget(conversation)
        conversation.reject(new Error('the outcome is unknown'))
      }
    }
  }
}

const REPEATED: ReadonlySet<Said['case']> = new Set<Said['case']>([
  'acquireSemaphore',
  'releaseSemaphore',
  'describeSemaphore',
])

function idOf(said: Said): bigint {
  return (said.value !== undefined && 'reqId' in said.value && said.value.reqId) || 0n
}

function newId(): bigint {
  return randomBytes(8).readBigUInt64LE()
}
