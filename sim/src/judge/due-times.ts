/**
 * What time of day each server can believe it is, at the latest.
 *
 * A server's time of day only moves forward: when the wall clock is set back, it goes on with the monotonic one. So what it has seen of the
 * wall clock at any time, and its own clock since then, bound what it believes now.
 */
import type { Process } from '../machine/process.ts'

/** What the wall clock shows. */
export interface WallTime {
  readonly wallMs: number
}

export class DueTimes {
  readonly #wall: WallTime
  /** By how much the wall clock was ahead of each process's own, at most. */
  readonly #aheadMs = new Map<Process, number>()

  constructor(wall: WallTime) {
    this.#wall = wall
  }

  watch(process: Process): void {
    // Kept when it dies: its last words may arrive later.
    this.#look(process)
  }

  /** The wall clock is about to jump, or has jumped. */
  jumped(): void {
    for (const process of this.#aheadMs.keys()) this.#look(process)
  }

  /** Milliseconds since 1970. */
  latestMs(process: Process): number {
    return process.monotonicMs() + this.#look(process)
  }

  #look(process: Process): number {
    const aheadMs = this.#wall.wallMs - process.monotonicMs()
    const mostMs = Math.max(aheadMs, this.#aheadMs.get(process) ?? -Infinity)
    this.#aheadMs.set(process, mostMs)
    return mostMs
  }
}
