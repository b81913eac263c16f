/**
 * Notices when a client says nothing any more.
 *
 * Whatever it says counts. It may be well though nothing is heard: this process was paused, or reads nothing from it at
 * present. Then it is given the whole time again.
 */
import type { Clock, Timer } from '../../clock.ts'
import {
  SILENCE_PERIOD_MAX_MS,
  SILENCE_PERIOD_MIN_MS,
  UNDECLARED_PERIOD_MAX_MS,
} from '../limits.ts'

export interface SilenceOptions {
  readonly clock: Clock
  /** Whether input is read. */
  listening(): boolean
  /** Nothing was heard for two periods. */
  silent(): void
}

/** A timer that fires so much late, in parts of the period, tells that the process was paused. */
const PAUSE_PART = 0.5
const PERIODS = 2
const TIMEOUT_PART = 1 / 3

export class Silence {
  readonly #options: SilenceOptions
  #periodMs = UNDECLARED_PERIOD_MAX_MS
  #isDeclared = false
  #heardAtMs: number
  #dueAtMs = Infinity
  #timer: Timer | null = null
  #isStopped = false

  /** Listens from now on. */
  constructor(options: SilenceOptions) {
    this.#options = options
    this.#heardAtMs = options.clock.monotonicMs()
    this.#aim()
  }

  heard(): void {
    this.#heardAtMs = this.#options.clock.monotonicMs()
  }

  /** The client will say something so often. */
  declare(periodMs: number): void {
    this.#isDeclared = true
    this.#setPeriod(Math.max(periodMs, SILENCE_PERIOD_MIN_MS))
  }

  /** A session has this timeout. */
  serve(timeoutMs: bigint): void {
    if (this.#isDeclared) return
    const periodMs = Math.max(Number(timeoutMs) * TIMEOUT_PART, SILENCE_PERIOD_MIN_MS)
    this.#setPeriod(Math.min(periodMs, this.#periodMs))
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  get #silentAtMs(): number {
    return this.#heardAtMs + this.#periodMs * PERIODS
  }

  #setPeriod(periodMs: number): void {
    this.#periodMs = Math.min(periodMs, SILENCE_PERIOD_MAX_MS)
    // A timer that goes off too early looks again.
    if (this.#silentAtMs < this.#dueAtMs) this.#aim()
  }

  /** The time is over when it has passed since the client was heard. */
  #aim(): void {
    if (this.#isStopped) return
    const { clock } = this.#options
    const dueAtMs = this.#silentAtMs
    this.#timer?.cancel()
    this.#dueAtMs = dueAtMs
    this.#timer = clock.after(dueAtMs - clock.monotonicMs(), () => {
      const isLate = clock.monotonicMs() - dueAtMs > this.#periodMs * PAUSE_PART
      // Input that has arrived already is handled before the client is called silent.
      clock.afterInput(() => this.#judge(isLate))
    })
  }

  #judge(isLate: boolean): void {
    if (this.#isStopped) return
    if (isLate || !this.#options.listening()) this.heard()
    if (this.#options.clock.monotonicMs() >= this.#silentAtMs) this.#options.silent()
    else this.#aim()
  }
}
