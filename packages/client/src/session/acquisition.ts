/**
 * One acquire, from the line of its session to the grant.
 *
 *   in line ──► asking ──► reading the token ──► granted
 *      └───────────┴─────────────┴──► given up: the server's queue is left, a grant that comes meanwhile goes back
 *
 * Whoever gives up is told at once; the turn in the session's line ends only when the server has confirmed the release, so that
 * the next acquire of the same name cannot be taken for a change of this one.
 */
import type { Timer } from '../clock.ts'
import { AbortedError, AcquireTimeoutError, errorOf } from '../errors.ts'
import { type AcquireRequest, type Answer, NO_WATCH } from '../link/link.ts'
import { nothing, onAbort } from '../abort.ts'
import type { SessionCore } from './core.ts'
import { Call } from './outbox.ts'

export interface Grant {
  readonly token: bigint
}

export interface AcquisitionOptions {
  readonly core: SessionCore
  readonly request: AcquireRequest
  /** Absent for an acquire that asks once or waits for ever. */
  readonly timeoutMs: number | null
  readonly signal: AbortSignal | undefined
}

/** The server's word about a timeout comes first, unless it is this late. */
const TIMEOUT_SLACK_MS = 500

/** @returns null when the units were not free at once (an acquire with timeout 0) */
export function acquire(options: AcquisitionOptions): Promise<Grant | null> {
  return new Promise((resolve, reject) => {
    new Acquisition(options, { resolve, reject }).start()
  })
}

interface Outcome {
  resolve(grant: Grant | null): void
  reject(error: unknown): void
}

class Acquisition {
  readonly #options: AcquisitionOptions
  readonly #outcome: Outcome
  readonly #asksOnce: boolean
  readonly #deadlineMs: number
  #phase: 'in line' | 'with the server' | 'over' = 'in line'
  /** What is under way with the server. */
  #call: Call | null = null
  #timer: Timer | null = null
  #deafen: () => void = nothing

  constructor(options: AcquisitionOptions, outcome: Outcome) {
    this.#options = options
    this.#outcome = outcome
    this.#asksOnce = options.request.timeoutMs === 0n
    this.#deadlineMs =
      options.timeoutMs === null ? Infinity : options.core.clock.monotonicMs() + options.timeoutMs
  }

  start(): void {
    const { core, request, signal, timeoutMs } = this.#options
    const { reason } = core.connection
    if (signal?.aborted === true) this.#reject(signal.reason)
    else if (reason !== null) this.#reject(reason)
    else if (this.#asksOnce && core.holdings.isTaken(request.name)) this.#resolve(null)
    else {
      this.#deafen = onAbort(signal, (why) => this.#giveUp(why))
      if (timeoutMs !== null) {
        this.#timer = core.clock.after(
          timeoutMs + TIMEOUT_SLACK_MS,
          () => this.#giveUp(this.#late()),
          true,
        )
      }
      core.holdings.enter(request.name, this)
    }
  }

  /** Called by the line. */
  turn(): void {
    const { core, request } = this.#options
    // The server must not be asked for a wait that is over: it would take no time for "ask once".
    if (core.clock.monotonicMs() >= this.#deadlineMs) {
      core.holdings.leave(request.name)
      this.#reject(this.#late())
      return
    }
    this.#phase = 'with the server'
    this.#send(
      new Call(
        request,
        this.#handlers((answer) => this.#answered(answer)),
        this.#deadlineMs,
      ),
    )
  }

  /** Called by the line when the session is over. */
  fail(reason: unknown): void {
    this.#reject(reason)
  }

  #handlers(settle: (answer: Answer) => void): Call['handlers'] {
    return { settle, fail: (reason) => this.#reject(reason) }
  }

  #send(call: Call): void {
    this.#call = call
    this.#options.core.connection.request(call)
  }

  #answered(answer: Answer): void {
    const { core, request } = this.#options
    if (answer.kind === 'acquired') {
      if (answer.token === null) this.#readToken()
      else this.#resolve({ token: answer.token })
      return
    }
    core.holdings.leave(request.name)
    if (answer.kind === 'not-acquired') {
      if (this.#asksOnce) this.#resolve(null)
      else this.#reject(this.#late())
    } else if (answer.kind === 'refused') this.#reject(errorOf(answer, this.#asked))
    else this.#reject(new Error(`${this.#asked}: answered with ${answer.kind}`))
  }

  // On YDB's protocol the grant's place in the node's order is known only from the list of owners.
  #readToken(): void {
    const request = {
      kind: 'describe',
      name: this.#options.request.name,
      owners: true,
      waiters: false,
      ...NO_WATCH,
    } as const
    this.#send(
      new Call(
        request,
        this.#handlers((answer) => this.#described(answer)),
      ),
    )
  }

  #described(answer: Answer): void {
    const { core } = this.#options
    const owners = answer.kind === 'described' ? (answer.description?.owners ?? []) : []
    const own = owners.find(({ sessionId }) => sessionId === core.connection.id)
    if (own !== undefined) this.#resolve({ token: own.orderId })
    else if (answer.kind === 'refused' && answer.code !== 'NOT_FOUND') {
      this.#giveUp(errorOf(answer, `${this.#asked}: the fencing token cannot be read`))
    } else {
      this.#giveUp(
        new AbortedError(`${this.#asked}: it was granted, and deleted before it could be used`),
      )
    }
  }

  #giveUp(reason: unknown): void {
    const { core, request } = this.#options
    const phase = this.#phase
    this.#reject(reason)
    if (phase === 'in line') core.holdings.withdraw(request.name, this)
    else if (phase === 'with the server' && this.#call !== null) {
      const { attempts, request: sent } = this.#call
      core.connection.outbox.drop(this.#call)
      if (attempts === 0 && sent.kind === 'acquire') core.holdings.leave(request.name)
      else giveBack(core, request.name)
    }
  }

  #late(): AcquireTimeoutError {
    return new AcquireTimeoutError(
      `${this.#asked}: not free within ${this.#options.timeoutMs} ms; wait longer, or see who holds it with describe`,
    )
  }

  get #asked(): string {
    const { name, count } = this.#options.request
    return `cannot acquire ${count} of semaphore "${name}"`
  }

  #resolve(grant: Grant | null): void {
    if (this.#over()) this.#outcome.resolve(grant)
  }

  #reject(error: unknown): void {
    if (this.#over()) this.#outcome.reject(error)
  }

  #over(): boolean {
    if (this.#phase === 'over') return false
    this.#phase = 'over'
    this.#timer?.cancel()
    this.#deafen()
    return true
  }
}

/** Leaves the server's books under a name; then the next in the session's line has its turn. */
export function giveBack(core: SessionCore, name: string): void {
  const leave = (): void => core.holdings.leave(name)
  // When the session is over there is nothing to give back, and the line is gone.
  core.connection.request(new Call({ kind: 'release', name }, { settle: leave, fail: () => {} }))
}
