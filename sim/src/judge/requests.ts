/**
 * What each server makes of each request: heard at its face, where nothing is hidden by a network or a library.
 */
import type {
  AcquireResult,
  DescribeResult,
  SemaphoreRequest,
  SessionRequest,
  SessionResponse,
} from '@tenure/protocol'
import { STATUS } from '@tenure/protocol'
import type { Process } from '../machine/process.ts'
import { ChannelStream, type SessionObserver } from '../network/face-observer.ts'
import type { Mark } from '../report/marks.ts'
import type { Ground, Verdicts } from './ground.ts'
import { CLOCK_SHARE } from './limits.ts'
import type { Stored } from './stored.ts'

interface Ask {
  readonly process: Process
  readonly request: SemaphoreRequest
  readonly atMs: number
  /** When it was said that it waits in the queue. */
  pendingMs: number | null
  /** It was accepted before the server was told to stop. */
  mustBeAnswered: boolean
}

interface Stream {
  sessionId: bigint
  /** Its session was there before. */
  readonly isBack: boolean
  /** Over Tenure's own protocol. */
  readonly isOwn: boolean
  readonly asks: Map<bigint, Ask>
  /** Describes that were answered and have set watches, which may be shown more. `atMs` is when they were shown the latest. */
  readonly watches: Map<bigint, Ask>
}

type Result = Extract<SessionResponse, { readonly requestId: bigint; readonly status: number }>

const MARK_OF_STATUS: ReadonlyMap<number, Mark> = new Map<number, Mark>([
  [STATUS.OVERLOADED, 'a request is refused for want of room'],
  [STATUS.ALREADY_EXISTS, 'what is to be created is there'],
  [STATUS.NOT_FOUND, 'what is asked for is not there'],
  [STATUS.ABORTED, 'a wait ends with an abort'],
])

/** X5 allows a second; a client that waits for half of one gives up by itself. */
const LATE_MS = 1_000
const GIVEN_UP_MS = 300
/** A batch is delivered to all its streams in one turn. */
const DELIVERY_MS = 1
/** Faults that let a well server keep somebody waiting. */
const DELAYING = ['serverPause', 'slowStorage', 'diskFull'] as const

export class Requests {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #stored: Stored
  readonly #streams = new Map<object, Stream>()
  readonly #tokens = new Map<string, bigint>()
  /** Whether the last grant of each name was to a session over Tenure's own protocol. */
  readonly #protocols = new Map<string, boolean>()
  /** Names that somebody has deleted: what was held of them may be gone. */
  readonly #deleted = new Set<string>()

  constructor(ground: Ground, verdicts: Verdicts, stored: Stored) {
    this.#ground = ground
    this.#verdicts = verdicts
    this.#stored = stored
  }

  watch(process: Process): SessionObserver {
    process.onCrash(() => {
      for (const [stream, { asks }] of this.#streams) {
        if ([...asks.values()].some((ask) => ask.process === process)) this.#streams.delete(stream)
      }
    })
    process.onPause(() => this.failing(process))
    return {
      asked: (stream, request) => this.#asked(process, stream, request),
      said: (stream, response) => this.#said(stream, response),
      left: (stream) => this.#left(stream),
    }
  }

  /** A server was told to stop: what it has accepted by now is still answered. */
  stopping(process: Process): void {
    for (const { asks } of this.#streams.values()) {
      for (const ask of asks.values()) {
        if (ask.process === process && ask.pendingMs === null) ask.mustBeAnswered = true
      }
    }
  }

  /** A server cannot keep its word any more: its node is lost or has failed, or it fell asleep. */
  failing(process: Process): void {
    for (const { asks } of this.#streams.values()) {
      for (const ask of asks.values()) if (ask.process === process) ask.mustBeAnswered = false
    }
  }

  #asked(process: Process, key: object, request: SessionRequest): void {
    if (request.kind === 'start') {
      const { sessionId } = request
      const isOwn = key instanceof ChannelStream
      this.#streams.set(key, {
        sessionId,
        isBack: sessionId !== 0n,
        isOwn,
        asks: new Map(),
        watches: new Map(),
      })
      return
    }
    const stream = this.#streams.get(key)
    if (stream === undefined || !('name' in request)) return
    const atMs = this.#nowMs
    if (request.kind === 'release') {
      this.#judgeGivenUp(stream, request.name)
      this.#tokens.delete(holdingOf(stream, request.name))
    } else if (request.kind === 'delete') this.#deleted.add(request.name)
    else if (request.kind === 'describe' && stream.isBack && request.watchOwners) {
      this.#ground.marks.reached('a watch is set again')
    }
    stream.asks.set(request.requestId, {
      process,
      request,
      atMs,
      pendingMs: null,
      mustBeAnswered: false,
    })
  }

  #left(key: object): void {
    const stream = this.#streams.get(key)
    if (stream === undefined) return
    if (stream.asks.size > 0) this.#ground.marks.reached('a request is lost with its stream')
    this.#streams.delete(key)
  }

  #said(key: object, response: SessionResponse): void {
    const stream = this.#streams.get(key)
    if (stream === undefined) return
    const mark = markOf(response)
    if (mark !== null) this.#ground.marks.reached(mark)
    if (response.kind === 'started') stream.sessionId = response.sessionId
    else if (response.kind === 'failure') this.#judgeStop(stream, response.status)
    else if (response.kind === 'pending') this.#pending(stream, response.requestId)
    else if ('requestId' in response && 'status' in response) this.#answered(stream, response)
  }

  #pending(stream: Stream, requestId: bigint): void {
    const ask = stream.asks.get(requestId)
    if (ask?.request.kind !== 'acquire') return
    ask.pendingMs = this.#nowMs
    // Whoever waits in a queue has had its answer: it keeps its place when the server stops.
    ask.mustBeAnswered = false
    const { marks } = this.#ground
    marks.reached('somebody waits in a queue')
    if (stream.isBack) marks.reached('a session that came back waits in a queue')
    if (ask.request.timeoutMs > 0n) return
    this.#verdicts.violate('X5', `an acquire of "${ask.request.name}" that asks once was queued`)
  }

  #answered(stream: Stream, result: Result): void {
    const watch = stream.watches.get(result.requestId)
    const ask = stream.asks.get(result.requestId) ?? watch
    if (ask === undefined) return
    stream.asks.delete(result.requestId)
    if (result.status !== STATUS.SUCCESS) return
    if (watch !== undefined) this.#ground.marks.reached('a watch that stands is shown a state')
    if (result.kind === 'describe-result' && result.watchAdded && stream.isOwn) {
      stream.watches.set(result.requestId, { ...ask, atMs: this.#nowMs, mustBeAnswered: false })
    }
    if (result.kind === 'acquire-result') this.#acquired(stream, ask, result)
    else if (result.kind === 'describe-result') this.#described(ask, result)
    else if (result.kind === 'delete-result') this.#judgeDelete(ask)
  }

  #acquired(stream: Stream, ask: Ask, { acquired, orderId }: AcquireResult): void {
    const { request, atMs, pendingMs } = ask
    const { name } = request
    const { marks } = this.#ground
    if (!acquired) {
      if (pendingMs !== null) this.#judgeWait(ask, this.#nowMs - atMs)
      else marks.reached('somebody asks once, in vain')
      return
    }
    if (pendingMs !== null) marks.reached('a waiter is granted')
    const wasOwn = this.#protocols.get(name)
    this.#protocols.set(name, stream.isOwn)
    if (pendingMs !== null && wasOwn !== undefined && wasOwn !== stream.isOwn) {
      marks.reached('a waiter follows a holder of the other protocol')
    }
    if (stream.isBack) marks.reached('a session that came back is granted')
    if (orderId === null || this.#deleted.has(name) || isGivenBack(stream, name)) return
    const holding = holdingOf(stream, name)
    const before = this.#tokens.get(holding)
    this.#tokens.set(holding, orderId)
    if (before === undefined || before === orderId) return
    const problem = `session ${stream.sessionId} holds "${name}" with token ${before}, and got ${orderId} for it`
    this.#verdicts.violate('X4', problem)
  }

  /** X5: neither too early nor too late. */
  #judgeWait({ request }: Ask, waitedMs: number): void {
    if (request.kind !== 'acquire') return
    const timeoutMs = Number(request.timeoutMs)
    this.#ground.marks.reached('a waiter gave up in time')
    const isEarly = waitedMs < timeoutMs * CLOCK_SHARE
    if (!isEarly && (waitedMs <= timeoutMs + LATE_MS || this.#isDelayed)) return
    const problem = `a waiter for "${request.name}" with ${timeoutMs} ms gave up after ${waitedMs} ms`
    this.#verdicts.violate('X5', problem)
  }

  /** A client gives back what it waits for: long after the time that it had given to the server? */
  #judgeGivenUp({ asks }: Stream, name: string): void {
    for (const { request, atMs, pendingMs } of asks.values()) {
      if (request.kind !== 'acquire' || request.name !== name || pendingMs === null) continue
      this.#ground.marks.reached('a wait is given up')
      const lateMs = this.#nowMs - atMs - Number(request.timeoutMs)
      if (lateMs <= GIVEN_UP_MS || this.#isDelayed) continue
      const problem = `a waiter for "${name}" with ${request.timeoutMs} ms still waits ${lateMs} ms after that`
      this.#verdicts.violate('X5', problem)
    }
  }

  #described({ request, atMs }: Ask, { description }: DescribeResult): void {
    if (request.kind !== 'describe' || description === null) return
    this.#stored.shown(description, atMs)
    const { name, limit, count, waiters } = description
    const [first] = waiters
    if (first === undefined || first.count > limit - count) return
    const problem = `"${name}" has ${limit - count} units free, and its first waiter wants ${first.count}`
    this.#verdicts.violate('X3', problem)
  }

  /** O2: everybody who waited for what is deleted is told. */
  #judgeDelete({ request, process }: Ask): void {
    const { name } = request
    const doomed = [...this.#streams.values()].flatMap(({ asks }) =>
      [...asks.entries()].filter(
        ([, ask]) =>
          ask.process === process &&
          ask.request.kind === 'acquire' &&
          ask.request.name === name &&
          ask.pendingMs !== null &&
          ask.pendingMs < this.#nowMs,
      ),
    )
    if (doomed.length > 0) this.#ground.marks.reached('a delete sends waiters away')
    this.#ground.schedule.after(DELIVERY_MS, () => {
      for (const { asks } of this.#streams.values()) {
        for (const [id, ask] of doomed) {
          if (asks.get(id) !== ask || process.paused) continue
          this.#verdicts.violate('O2', `"${name}" was deleted, and a waiter was told nothing`)
        }
      }
    })
  }

  /** S7: a server that stops answers what it has accepted, and ends its streams after that. */
  #judgeStop({ asks }: Stream, status: number): void {
    if (status !== STATUS.UNAVAILABLE) return
    for (const { request, mustBeAnswered } of asks.values()) {
      if (!mustBeAnswered) continue
      const problem = `${request.kind} of "${request.name}" was accepted, and not answered when the server stopped`
      this.#verdicts.violate('S7', problem)
    }
  }

  get #isDelayed(): boolean {
    return DELAYING.some((fault) => this.#ground.settings.faults.has(fault))
  }

  get #nowMs(): number {
    return this.#ground.schedule.nowMs
  }
}

function markOf(response: SessionResponse): Mark | null {
  if (response.kind === 'changed') {
    return response.data || response.owners ? 'a watch fires' : 'a watch is replaced'
  }
  if (response.kind === 'release-result') return response.released ? null : 'nothing is released'
  return 'requestId' in response && 'status' in response
    ? (MARK_OF_STATUS.get(response.status) ?? null)
    : null
}

/** A release is on its way through the server: what is granted before it is gone behind it. */
function isGivenBack({ asks }: Stream, name: string): boolean {
  return [...asks.values()].some(
    ({ request }) => request.kind === 'release' && request.name === name,
  )
}

function holdingOf({ sessionId }: Stream, name: string): string {
  return `${sessionId} ${name}`
}
