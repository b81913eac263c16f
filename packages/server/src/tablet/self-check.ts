/**
 * Looks at times whether this host still owns the node, also while nobody asks it anything.
 *
 * Pings are answered without a look at the engine. A host that lost its node while all its clients are silent would keep them
 * believing in their sessions, after the new owner has given these up.
 */
import type { Clock, Timer } from '../clock.ts'

export interface SelfCheckPorts {
  readonly clock: Clock
  readonly periodMs: number
  /** Finds out by asking the engine. */
  check(): void
}

export class SelfCheck {
  readonly #ports: SelfCheckPorts
  #timer: Timer

  constructor(ports: SelfCheckPorts) {
    this.#ports = ports
    this.#timer = this.#later()
  }

  stop(): void {
    this.#timer.cancel()
  }

  #later(): Timer {
    const { clock, periodMs } = this.#ports
    return clock.after(periodMs, () => {
      this.#timer = this.#later()
      this.#ports.check()
    })
  }
}
