/** Where programs live: what the moves need of it. */
import type { Model } from './model.ts'
import type { Program } from './program.ts'

/** What hits the commit of a deed, or its way to the server. */
export type Fault = 'none' | 'fails-before' | 'fails-after' | 'slow' | 'full' | 'fenced' | 'breaks'

export interface Stage {
  readonly programs: readonly Program[]
  /** By the clock of the stage; stands still where time is real. */
  readonly nowMs: number
  /** A program of its own, with a session. */
  join(): Promise<void>
  /** Sees to it that the next deed of a program meets a fault. */
  spoil(fault: Fault, program: number): Promise<void>
  /** The deed has begun. When this has ended the fault is over, and everybody has found his way to a server that works. */
  mend(fault: Fault, program: number): Promise<void>
  /** Compares what programs know and what an observer sees with what should be. */
  verify(model: Model): Promise<void>
}
