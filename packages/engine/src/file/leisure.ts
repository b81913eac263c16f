/**
 * Turns for work that nobody waits for: at once while the event loop has nothing else to do, and for a small share of the time while it has.
 */
import { performance } from 'node:perf_hooks'
import type { EventLoopUtilization } from 'node:perf_hooks'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'

/** Of the time of a busy event loop. */
const SHARE_MAX = 1 / 20
/** Whoever wants the work to end waits no longer than this for it to notice. */
const PAUSE_MAX_MS = 100
/** The weight of the latest in the moving average. */
const WEIGHT = 1 / 8

/** What is asked of Node. */
export interface Loop {
  /** Since the process began. */
  utilization(): EventLoopUtilization
  delay(ms: number): Promise<unknown>
  nextTurn(): Promise<unknown>
}

const NODE: Loop = { utilization: () => performance.eventLoopUtilization(), delay, nextTurn }

export class Leisure {
  readonly #loop: Loop
  #last: EventLoopUtilization
  /** How much of the time others use: from 0 to 1. */
  #busyness = 0

  constructor(loop: Loop = NODE) {
    this.#loop = loop
    this.#last = loop.utilization()
  }

  /** @param workedMs for how long the event loop was held up since the last turn */
  async turn(workedMs: number): Promise<void> {
    this.#look(workedMs)
    const pauseMs = Math.min(PAUSE_MAX_MS, (workedMs * this.#busyness) / SHARE_MAX)
    await (pauseMs < 1 ? this.#loop.nextTurn() : this.#loop.delay(pauseMs))
  }

  #look(workedMs: number): void {
    const { idle, active } = this.#loop.utilization()
    const othersMs = Math.max(0, active - this.#last.active - workedMs)
    const totalMs = othersMs + idle - this.#last.idle
    this.#last = { idle, active, utilization: 0 }
    if (totalMs > 0) this.#busyness += (othersMs / totalMs - this.#busyness) * WEIGHT
  }
}
