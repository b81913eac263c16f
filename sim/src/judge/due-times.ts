/**
 * What time of day each server can believe it is, at the latest.
 *
 * A server's time of day only moves forward: when the wall clock is set back, it goes on with the monotonic one. So what it has seen of the
 * wall clock at any time, and its own clock since then, bound what it believes now.
 */
import type { Process } from '../machine/process.ts'
import type { Schedule } from '../machine/schedule.ts'

/** What the wall clock shows. */
export interface WallTime {
  readonly wallMs: number
}

/** A server that has just looked at the clock does not look again for so long. */
const READING_MS = 2

export class DueTimes {
  readonly #schedule: Schedule
  readonly #wall: WallTime
  /** What the wall clock has shown right before its latest jump, and when that was. */
  #before = { atMs: -Infinity, wallMs: Infinity }
  /** By how much the wall clock was ahead of each process's own, at most. */
  readonly #aheadMs = new Map<Process, number>()

  constructor(schedule: Schedule, wall: WallTime) {
    this.#schedule = schedule
    this.#wall = wall
  }

  watch(process: Process): void {
    // Kept when it dies: its last words may arrive later.
    this.#look(process)
  }

  /** The wall clock is about to jump. */
  jumping(): void {
    this.#before = { atMs: this.#schedule.nowMs, wallMs: this.#wall.wallMs }
    this.jumped()
  }

  jumped(): void {
    for (const process of this.#aheadMs.keys()) this.#look(process)
  }

  /** What a server that does something at this moment can take the time of day for, at the least. */
  earliestMs(): number {
    const isRecent = this.#schedule.nowMs - this.#before.atMs < READING_MS
    const { wallMs } = this.#wall
    return Math.min(wallMs, isRecent ? this.#before.wallMs : Infinity) - READING_MS
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
