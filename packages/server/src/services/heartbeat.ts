/**
 * Pings a client and notices when it does not answer.
 *
 * A pong may be late though the client is well: the process was paused, or the pong waits behind a flood of requests. Then
 * the client is given another period.
 */
import type { Clock, Timer } from '../clock.ts'
import type { Random } from '../random.ts'
import { PING_PERIOD_MAX_MS, PING_PERIOD_MIN_MS } from './limits.ts'

export interface HeartbeatOptions {
  readonly clock: Clock
  readonly random: Random
  /** Of the session. */
  readonly timeoutMs: bigint
  ping(opaque: bigint): void
  /** The client was silent for a whole period. */
  silent(): void
  /** Whether so many requests came since this was last asked that the pong may wait behind them. */
  flooded(): boolean
}

/** A timer that fires so much late, in parts of the period, tells that the process was paused. */
const PAUSE_PART = 0.5

export class Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #periodMs: number
  /** 0 when no ping is unanswered. */
  #outstanding = 0n
  #timer: Timer | null = null
  #stopped = false

  constructor(options: HeartbeatOptions) {
    this.#options = options
    const third = Number(options.timeoutMs) / 3
    this.#periodMs = Math.min(Math.max(third, PING_PERIOD_MIN_MS), PING_PERIOD_MAX_MS)
  }

  /** Pings at once. */
  start(): void {
    this.#ping()
  }

  /** @returns whether this answers the ping that is unanswered; 0 answers when none is */
  pong(opaque: bigint): boolean {
    if (opaque !== this.#outstanding) return false
    this.#outstanding = 0n
    return true
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  #ping(): void {
    this.#outstanding = this.#options.random.nonZeroU64()
    this.#options.ping(this.#outstanding)
    this.#wait()
  }

  #wait(): void {
    const { clock } = this.#options
    const dueMs = clock.monotonicMs() + this.#periodMs
    this.#timer = clock.after(this.#periodMs, () => {
      const isLate = clock.monotonicMs() - dueMs > this.#periodMs * PAUSE_PART
      if (this.#outstanding === 0n) this.#ping()
      // Input that has arrived already is handled before the client is called silent.
      else clock.afterInput(() => this.#judge(isLate))
    })
  }

  #judge(isLate: boolean): void {
    if (this.#stopped) return
    if (this.#outstanding === 0n) this.#ping()
    else if (isLate || this.#options.flooded()) this.#wait()
    else this.#options.silent()
  }
}
