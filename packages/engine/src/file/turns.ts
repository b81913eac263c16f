/**
 * Turns of the event loop between transactions on the calling thread.
 *
 * Whoever commits again as soon as a commit has resolved does so in the same turn, and would keep timers, sockets and everybody else of the
 * process waiting for ever.
 */
import { setImmediate } from 'node:timers'

/** So long a turn may last before the next one is waited for. */
const TURN_MAX_MS = 10

export class Turns {
  /** null when nothing was done in this turn yet. */
  #beganMs: number | null = null

  /** Resolves at once, unless this turn has lasted too long. */
  async pass(): Promise<void> {
    const nowMs = performance.now()
    if (this.#beganMs === null) {
      this.#beganMs = nowMs
      setImmediate(() => {
        this.#beganMs = null
      })
    } else if (nowMs - this.#beganMs > TURN_MAX_MS) {
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
