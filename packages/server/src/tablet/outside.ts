/**
 * What a kernel cannot know by itself: the time of day, and chance. It is told both right before each step.
 */
import type { Kernel } from '@tenure/kernel'
import type { Random } from '../random.ts'
import type { DueClock } from './due-clock.ts'

const SEED_BYTES = 4

/** What is due is counted in seconds, and two clocks are dear to read for each of a thousand commands. */
const FRESH_MS = 1

export class Outside {
  readonly #clock: DueClock
  #state: number
  #wallMs = 0
  #freshUntilMs = -Infinity

  /** @param random asked for a seed only: what a command costs must not hang on the machine's source of chance */
  constructor(clock: DueClock, random: Random) {
    this.#clock = clock
    this.#state = Buffer.from(random.bytes(SEED_BYTES)).readUInt32LE()
  }

  /** @param nowMs the kernel's time: a reading of the wall clock serves for so long */
  tell(kernel: Pick<Kernel, 'outside'>, nowMs: number): void {
    if (nowMs >= this.#freshUntilMs) {
      this.#wallMs = this.#clock.wallMs()
      this.#freshUntilMs = nowMs + FRESH_MS
    }
    kernel.outside(this.#wallMs, this.#chance())
  }

  /** Mulberry32: spreads evenly over all 32-bit numbers, which is all that is asked of it. */
  #chance(): number {
    this.#state = (this.#state + 0x6d2b_79f5) | 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}
