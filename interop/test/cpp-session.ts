/**
 * A session as YDB's C++ client keeps it.
 *
 * A protection key of 8 bytes, sequence numbers from 1. It pings the server itself at two thirds of its timeout and gives the
 * stream up when no pong has come by the end of it. For each semaphore one operation is on its way; the next follows
 * when that one is answered or pending, so that a second acquire supersedes the first. After a reconnect it repeats the last operation
 * that was acknowledged, if it still waits, and the one that was not. What it does not understand makes it abort the process; here `fatal` tells.
 */
import { randomBytes } from 'node:crypto'
import type { Driver } from '@ydbjs/core'
import { StatusIds_StatusCode as Status } from '@ydbjs/api/operation'
import { atEnd, NODE } from './ground.ts'
import { type Heard, type HeardValue, type Said, SessionWire } from './session-wire.ts'

type AcquireResult = HeardValue<'acquireSemaphoreResult'>
type ReleaseResult = HeardValue<'releaseSemaphoreResult'>
type Result = AcquireResult | ReleaseResult

interface Operation {
  readonly kind: 'acquire' | 'release'
  readonly name: string
  readonly resolve: (result: Result) => void
  said: Said
}

/** What is under way on one name. */
interface SemaphoreState {
  readonly waiting: Operation[]
  sent: Operation | null
  /** An acquire that is pending. */
  acknowledged: Operation | null
}

export class CppSession {
  readonly #driver: Driver
  readonly #timeoutMs: number
  readonly #protectionKey = randomBytes(8)
  readonly #semaphores = new Map<string, SemaphoreState>()
  readonly #operations = new Map<bigint, Operation>()
  #wire: SessionWire | null = null
  #seqNo = 0n
  #lastId = 0n
  #ping: { readonly opaque: bigint; readonly timer: NodeJS.Timeout } | null = null
  #attached: () => void = () => {}
  #stopped: () => void = () => {}
  #isOver = false
  id = 0n
  pongs = 0
  reconnects = 0
  /** What would have ended the process. */
  readonly fatal: string[] = []

  private constructor(driver: Driver, timeoutMs: number) {
    this.#driver = driver
    this.#timeoutMs = timeoutMs
    atEnd(() => this.#end())
  }

  static async open(driver: Driver, timeoutMs: number = 5_000): Promise<CppSession> {
    const session = new CppSession(driver, timeoutMs)
    await session.#attach()
    return session
  }

  async acquire(name: string, count: bigint = 1n): Promise<AcquireResult> {
    const value = { reqId: 0n, name, count, timeoutMillis: 2n ** 64n - 1n }
    const result = await this.#do('acquire', name, { case: 'acquireSemaphore', value })
    if (!('acquired' in result)) throw new Error('another kind of result')
    return result
  }

  async release(name: string): Promise<ReleaseResult> {
    const said: Said = { case: 'releaseSemaphore', value: { reqId: 0n, name } }
    const result = await this.#do('release', name, said)
    if (!('released' in result)) throw new Error('another kind of result')
    return result
  }

  async close(): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      this.#stopped = resolve
    })
    this.#wire?.say({ case: 'sessionStop', value: {} })
    await stopped
    this.#end()
  }

  #end(): void {
    this.#isOver = true
    clearTimeout(this.#ping?.timer)
    this.#wire?.cancel()
  }

  async #attach(): Promise<void> {
    const attached = new Promise<void>((resolve) => {
      this.#attached = resolve
    })
    let hasStarted = false
    const wire = new SessionWire(this.#driver, (message) => {
      if (message.case === 'sessionStarted' && hasStarted) this.fatal.push('started twice')
      hasStarted ||= message.case === 'sessionStarted'
      this.#hear(message)
    })
    this.#wire = wire
    this.#seqNo += 1n
    const value = {
      path: NODE,
      sessionId: this.id,
      timeoutMillis: BigInt(this.#timeoutMs),
      seqNo: this.#seqNo,
      protectionKey: this.#protectionKey,
    }
    wire.say({ case: 'sessionStart', value })
    void wire.ended.then(() => this.#detached())
    await attached
  }

  async #detached(): Promise<void> {
    clearTimeout(this.#ping?.timer)
    if (this.#isOver) return
    this.reconnects += 1
    await this.#attach()
    for (const state of this.#semaphores.values()) {
      for (const operation of [state.acknowledged, state.sent]) {
        if (operation !== null) this.#send(operation)
      }
    }
  }

  #hear(message: Heard): void {
    if (message.case === 'ping') {
      this.#wire?.say({ case: 'pong', value: { opaque: message.value.opaque } })
    } else if (message.case === 'pong') {
      if (message.value.opaque === this.#ping?.opaque) this.#pongCame()
    } else if (message.case === 'sessionStarted') {
      this.id = message.value.sessionId
      if (this.id === 0n) this.fatal.push('session id 0')
      this.#pingLater()
      this.#attached()
    } else if (message.case === 'sessionStopped') {
      this.#stopped()
    } else if (message.case === 'failure') {
      if (FINAL.has(message.value.status)) this.#isOver = true
    } else this.#hearAnswer(message)
  }

  #hearAnswer(message: Heard): void {
    if (message.case === 'acquireSemaphorePending') this.#acknowledge(message.value.reqId)
    else if (message.case === 'acquireSemaphoreResult') this.#answer(message.value)
    else if (message.case === 'releaseSemaphoreResult') this.#answer(message.value)
    else this.fatal.push(`${message.case} was not asked for`)
  }

  #pingLater(): void {
    clearTimeout(this.#ping?.timer)
    const timer = setTimeout(
      () => {
        this.#lastId += 1n
        const late = setTimeout(() => this.#wire?.cancel(), this.#timeoutMs / 3)
        this.#ping = { opaque: this.#lastId, timer: late }
        this.#wire?.say({ case: 'ping', value: { opaque: this.#lastId } })
      },
      (this.#timeoutMs * 2) / 3,
    )
    this.#ping = { opaque: 0n, timer }
  }

  #pongCame(): void {
    this.pongs += 1
    this.#pingLater()
  }

  #do(kind: Operation['kind'], name: string, said: Said): Promise<Result> {
    return new Promise((resolve) => {
      this.#stateOf(name).waiting.push({ kind, name, said, resolve })
      this.#next(name)
    })
  }

  #stateOf(name: string): SemaphoreState {
    const present = this.#semaphores.get(name)
    if (present !== undefined) return present
    const made = { waiting: [], sent: null, acknowledged: null }
    this.#semaphores.set(name, made)
    return made
  }

  #next(name: string): void {
    const state = this.#stateOf(name)
    if (state.sent !== null) return
    state.sent = state.waiting.shift() ?? null
    if (state.sent !== null) this.#send(state.sent)
  }

  /** Each sending of an operation has an id of its own. */
  #send(operation: Operation): void {
    this.#lastId += 1n
    this.#operations.set(this.#lastId, operation)
    const { said } = operation
    if (said.case === 'acquireSemaphore' || said.case === 'releaseSemaphore') {
      said.value.reqId = this.#lastId
    }
    this.#wire?.say(said)
  }

  #acknowledge(reqId: bigint): void {
    const operation = this.#operations.get(reqId)
    const state = operation && this.#stateOf(operation.name)
    const isExpected =
      operation !== undefined && [state?.sent, state?.acknowledged].includes(operation)
    if (state === undefined || !isExpected) {
      this.fatal.push(`pending ${reqId} belongs to no acquire that was sent last`)
      return
    }
    if (state.sent !== operation) return
    state.acknowledged = operation
    state.sent = null
    this.#next(operation.name)
  }

  #answer(result: Result): void {
    const operation = this.#operations.get(result.reqId)
    if (operation === undefined) {
      this.fatal.push(`result ${result.reqId} belongs to nothing`)
      return
    }
    this.#operations.delete(result.reqId)
    const state = this.#stateOf(operation.name)
    if (state.acknowledged === operation) state.acknowledged = null
    if (state.sent === operation) state.sent = null
    operation.resolve(result)
    this.#next(operation.name)
  }
}

const FINAL: ReadonlySet<Status> = new Set([
  Status.SESSION_EXPIRED,
  Status.UNAUTHORIZED,
  Status.NOT_FOUND,
])
