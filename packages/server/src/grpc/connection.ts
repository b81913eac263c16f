/**
 * Watches one connection: it must begin to speak in time, must answer when it is asked whether it is there, and must not open
 * and reset streams without end.
 */
import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Clock, Timer } from '../clock.ts'
import {
  CHURN_WINDOW_MS,
  HANDSHAKE_MS,
  KEEP_ALIVE_MS,
  NEW_STREAMS_MAX,
  RESETS_MAX,
} from './limits.ts'

export class ConnectionGuard {
  readonly #session: ServerHttp2Session
  readonly #clock: Clock
  #windowStartMs: number
  #streams = 0
  #resets = 0
  #isExpelled = false
  #timer: Timer
  #isPinged = false

  constructor(session: ServerHttp2Session, clock: Clock) {
    this.#session = session
    this.#clock = clock
    this.#windowStartMs = clock.monotonicMs()
    this.#timer = clock.after(HANDSHAKE_MS, () => session.destroy())
    session.once('remoteSettings', () => this.#keepAlive())
    session.once('close', () => this.#timer.cancel())
    // A connection that breaks is no event for anybody else; its streams are told.
    session.on('error', () => {})
  }

  /** @returns whether the connection may have this stream */
  admits(stream: ServerHttp2Stream): boolean {
    this.#turnWindow()
    this.#streams += 1
    stream.once('close', () => {
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) this.#countReset()
    })
    if (this.#streams > NEW_STREAMS_MAX) this.#expel()
    return !this.#isExpelled
  }

  /**
   * A peer that went without a word, or to whom HTTP/2 has said good-bye for a fault of its own, would otherwise keep its socket
   * for ever.
   */
  #keepAlive(): void {
    this.#timer.cancel()
    this.#timer = this.#clock.after(KEEP_ALIVE_MS, () => {
      // An answer that has arrived already counts, however late this process looks.
      this.#clock.afterInput(() => this.#look())
    })
  }

  #look(): void {
    if (this.#session.destroyed) return
    if (this.#isPinged) return this.#session.destroy()
    this.#isPinged = true
    this.#session.ping((error) => {
      this.#isPinged = error !== null
    })
    this.#keepAlive()
  }

  #countReset(): void {
    this.#turnWindow()
    this.#resets += 1
    if (this.#resets > RESETS_MAX) this.#expel()
  }

  #turnWindow(): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#windowStartMs < CHURN_WINDOW_MS) return
    this.#windowStartMs = nowMs
    this.#streams = 0
    this.#resets = 0
  }

  #expel(): void {
    if (this.#isExpelled) return
    this.#isExpelled = true
    // Node is inside the parsing of frames here and does not survive the end of its session.
    this.#clock.afterInput(() => {
      if (!this.#session.destroyed) {
        this.#session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM)
      }
    })
  }
}
