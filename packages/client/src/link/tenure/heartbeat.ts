/**
 * The proof that the server hears a connection: one ping at a time, as often as the most hurried of its sessions wants it.
 *
 * A ping that is not answered by the next beat, and was given a little patience, breaks the connection. That the server says
 * things of its own accord proves nothing.
 */
import type { Clock, Timer } from '../../clock.ts'
import { PATIENCE_MIN_MS } from '../patience.ts'

export interface HeartbeatOptions {
  readonly clock: Clock
  /** How often the server must answer at present; Infinity: nobody needs it. */
  periodMs(): number
  /** Says a ping. @returns its id */
  ping(periodMs: number): number
  /** What was sent at `sentAtMs` has been answered. */
  answered(sentAtMs: number): void
  /** The server does not answer. */
  silent(cause: Error): void
}

export class Heartbeat {
  readonly #options: HeartbeatOptions
  #timer: Timer | null = null
  #periodMs = Infinity
  /** The ping that is not answered yet. */
  #ping: { readonly id: number; readonly sentAtMs: number } | null = null
  /** Of the latest ping. */
  #lastId = 0

  constructor(options: HeartbeatOptions) {
    this.#options = options
  }

  /** From now on the server must answer at least so often. */
  quicken(periodMs: number): void {
    if (periodMs >= this.#periodMs) return
    if (this.#timer === null) this.#beat()
    else {
      // A ping that is under way gets a whole period more, as short as that now is.
      this.#periodMs = periodMs
      this.#timer.cancel()
      // A server that is told later would believe for so much longer in a client that has died meanwhile.
      this.#say()
      this.#wait()
    }
  }

  pong(id: number): void {
    // Pings are answered in their order: the answer to a later one answers the first one, too.
    if (this.#ping === null || id < this.#ping.id || id > this.#lastId) return
    const { sentAtMs } = this.#ping
    this.#ping = null
    this.#options.answered(sentAtMs)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#periodMs = Infinity
    this.#ping = null
  }

  #beat(): void {
    const { clock } = this.#options
    this.#periodMs = this.#options.periodMs()
    if (this.#periodMs === Infinity) {
      this.stop()
      return
    }
    const nowMs = clock.monotonicMs()
    if (this.#ping === null) this.#say()
    else if (nowMs - this.#ping.sentAtMs >= PATIENCE_MIN_MS) {
      const silentMs = Math.round(nowMs - this.#ping.sentAtMs)
      this.stop()
      this.#options.silent(new Error(`the server has not answered for ${silentMs} ms`))
      return
    }
    this.#wait()
  }

  /** Of several that are under way the first one is waited for. */
  #say(): void {
    // While patience lasts nothing is said, so the server must not expect it.
    const declaredMs = Math.max(PATIENCE_MIN_MS, Math.ceil(this.#periodMs))
    this.#lastId = this.#options.ping(declaredMs)
    this.#ping ??= { id: this.#lastId, sentAtMs: this.#options.clock.monotonicMs() }
  }

  #wait(): void {
    const { clock } = this.#options
    const periodMs = this.#periodMs
    const nowMs = clock.monotonicMs()
    this.#timer = clock.after(periodMs, () => {
      // After a stall of this process the answer may lie unread: it gets one more heartbeat.
      const lateMs = clock.monotonicMs() - nowMs - periodMs
      if (lateMs < periodMs || this.#ping === null) this.#beat()
      else this.#timer = clock.after(periodMs, () => this.#beat())
    })
  }
}
