/** The session by which the server is a client of a node: it asks, and is handed tasks. */
import type { Event, SessionId, TaskHandedOut } from '@tenure/kernel'
import type { Clock, Timer } from '../../clock.ts'
import type { HostedNode } from '../../host/host.ts'
import type { StreamCommand, StreamEnd, StreamSink, TabletStream } from '../../tablet/stream.ts'
import { DELIVERY_SESSION_MS, RETRY_MAX_MS, RETRY_MIN_MS } from './limits.ts'

type Without<C> = C extends unknown ? Omit<C, 'requestId' | 'session' | 'stream'> : never

/** A command of this session, which says itself who asks. */
export type NodeWish = Without<Extract<StreamCommand, { session: SessionId }>>

/** `dropped`: the node exists no more. `lost`: the session was ended, the node goes on. `left`: by ourselves. */
export type SessionEnd = StreamEnd | 'dropped' | 'lost' | 'left'

/** Nobody answers any more: what was asked may have been done or not. */
export class NodeLostError extends Error {
  override name = 'NodeLostError'
}

type Answered = Event | 'overloaded'

interface Pending {
  resolve(answer: Answered): void
  reject(error: NodeLostError): void
}

export class NodeSession implements StreamSink {
  /** Resolves when the session has ended, for whatever reason. */
  readonly over: Promise<SessionEnd>
  readonly #clock: Clock
  readonly #stream: TabletStream
  readonly #pending = new Map<bigint, Pending>()
  readonly #handlings = new Map<bigint, (handedOut: TaskHandedOut) => void>()
  readonly #pauses = new Map<Timer, Pending>()
  #tellEnd: (end: SessionEnd) => void = () => {}
  #isOver = false
  #session: SessionId = 0n
  #lastRequest = 0n

  private constructor(node: HostedNode, clock: Clock) {
    this.#clock = clock
    this.over = new Promise((resolve) => {
      this.#tellEnd = resolve
    })
    this.#stream = node.connect(this)
  }

  /** @returns why there is none, when the node gives none at present */
  static async open(node: HostedNode, clock: Clock): Promise<NodeSession | SessionEnd> {
    const session = new NodeSession(node, clock)
    const wish = {
      kind: 'attach',
      timeoutMs: DELIVERY_SESSION_MS,
      description: 'delivery',
      sequenceNumber: 0n,
      protectionKey: new Uint8Array(0),
    } as const
    try {
      const answer = await session.#submit(session.#nextRequest(), wish)
      if (answer !== 'overloaded' && answer.kind === 'attached') return session
      session.leave()
      const isDropped = answer !== 'overloaded' && isAbsence(answer)
      return isDropped ? 'dropped' : 'failed'
    } catch (error) {
      if (error instanceof NodeLostError) return session.over
      throw error
    }
  }

  /**
   * Asks as often as it takes until the node takes the command.
   *
   * @throws NodeLostError when the session ends before the answer
   */
  async ask(wish: NodeWish): Promise<Event> {
    for (let pauseMs = RETRY_MIN_MS; ; pauseMs = Math.min(2 * pauseMs, RETRY_MAX_MS)) {
      const answer = await this.#submit(this.#nextRequest(), wish)
      if (answer !== 'overloaded') return answer
      await this.#pause(pauseMs)
    }
  }

  /**
   * Begins to be handed tasks of a theme.
   *
   * @returns the number by which it can be stopped; null when the node refuses it
   * @throws NodeLostError
   */
  async handle(
    wish: { readonly theme: number; readonly concurrency: number },
    handedOut: (handedOut: TaskHandedOut) => void,
  ): Promise<bigint | null> {
    for (let pauseMs = RETRY_MIN_MS; ; pauseMs = Math.min(2 * pauseMs, RETRY_MAX_MS)) {
      const requestId = this.#nextRequest()
      // The first task may come together with the answer.
      this.#handlings.set(requestId, handedOut)
      const answer = await this.#submit(requestId, { kind: 'handle-theme', ...wish })
      if (answer !== 'overloaded' && answer.kind === 'done') return requestId
      this.#handlings.delete(requestId)
      if (answer !== 'overloaded') return null
      await this.#pause(pauseMs)
    }
  }

  /** Resolves when nothing more is handed out. @throws NodeLostError */
  async stopHandling(target: bigint): Promise<void> {
    await this.ask({ kind: 'stop-handling', target })
    this.#handlings.delete(target)
  }

  /** Ends the session: the node stores what is out. */
  leave(): void {
    if (this.#isOver) return
    const session = this.#session
    if (session !== 0n) this.#stream.submit({ kind: 'stop', requestId: 0n, session })
    this.#end('left')
  }

  deliver(events: readonly Event[]): void {
    for (const event of events) if (!this.#isOver) this.#hear(event)
  }

  overloaded(requestId: bigint): void {
    this.#take(requestId)?.resolve('overloaded')
  }

  ended(why: StreamEnd): void {
    this.#end(why)
  }

  #nextRequest(): bigint {
    this.#lastRequest += 1n
    return this.#lastRequest
  }

  #submit(requestId: bigint, wish: NodeWish): Promise<Answered> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) return reject(new NodeLostError('the session has ended'))
      this.#pending.set(requestId, { resolve, reject })
      this.#stream.submit({ ...wish, requestId, session: this.#session })
    })
  }

  #take(requestId: bigint): Pending | undefined {
    const pending = this.#pending.get(requestId)
    this.#pending.delete(requestId)
    return pending
  }

  #hear(event: Event): void {
    if (event.kind === 'ended') {
      this.#end(event.reason === 'dropped' ? 'dropped' : 'lost')
    } else if (event.kind === 'task-handed-out') {
      this.#handlings.get(event.requestId)?.(event)
    } else if ('requestId' in event) {
      if (event.kind === 'attached') this.#session = event.session
      this.#take(event.requestId)?.resolve(event)
    }
  }

  #pause(ms: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) return reject(new NodeLostError('the session has ended'))
      const timer = this.#clock.after(ms, () => {
        this.#pauses.delete(timer)
        resolve(null)
      })
      this.#pauses.set(timer, { resolve, reject })
    })
  }

  #end(why: SessionEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stream.close()
    for (const timer of this.#pauses.keys()) timer.cancel()
    const waiting = [...this.#pending.values(), ...this.#pauses.values()]
    this.#pending.clear()
    this.#pauses.clear()
    this.#handlings.clear()
    for (const one of waiting) one.reject(new NodeLostError(`the session has ended: ${why}`))
    this.#tellEnd(why)
  }
}

function isAbsence(answer: Event): boolean {
  return answer.kind === 'refused' && answer.code === 'NOT_FOUND'
}
