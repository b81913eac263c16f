/** What a judge of one matter works with: the run as far as it concerns him, and a place to say what he found. */
import type { Process } from '../machine/process.ts'
import type { Schedule } from '../machine/schedule.ts'
import type { Marks } from '../report/marks.ts'
import type { Trace } from '../report/trace.ts'
import type { Settings } from '../settings.ts'

export interface Ground {
  readonly settings: Settings
  readonly schedule: Schedule
  readonly trace: Trace
  readonly marks: Marks
  /** Moments of the run, each later than the one before. */
  nextTick(): number
}

export interface Verdicts {
  /** @param promise as in the list of promises, or the number of an invariant, or `liveness` */
  violate(promise: string, text: string): void
  /** The search for an order was given up. */
  tooHard(): void
}

/** A program, as far as a judge knows it. */
export interface Actor {
  readonly name: string
  readonly process: Process
  note(text: string): void
}
