/**
 * One coordination node as a deterministic state machine.
 *
 * The same commands at the same times give the same events and writes, bit for bit.
 */
import type { Command } from './command.ts'
import type { Event } from './event.ts'
import type { Entry, Write } from './write-set.ts'

/** What one step says and what it wants kept. */
export interface Step {
  readonly events: readonly Event[]
  readonly writes: readonly Write[]
}

export interface KernelStatistics {
  readonly exists: boolean
  readonly sessions: number
  readonly attachedSessions: number
  readonly semaphores: number
  readonly owners: number
  readonly waiters: number
  readonly watches: number
}

export interface KernelContract {
  /** Takes back one stored entry. Only before `start`. @throws InvariantError when the entry cannot be understood */
  load(entry: Entry): void
  /** Ends loading: sessions come back detached, with their whole timeout plus the node's grace period from `nowMs`. */
  start(nowMs: number): void
  /** Does what is asked. Never throws for anything a client can cause. `nowMs` must not go back. */
  apply(command: Command, nowMs: number): Step
  /** Does all whose time has come: sessions expire, waiters give up. */
  advance(nowMs: number): Step
  /** When `advance` has something to do next; Infinity when nothing is due ever. */
  nextDeadlineMs(): number
  /** The writes that close a commit: the counters, when any has moved since the last seal. */
  seal(): readonly Write[]
  statistics(): KernelStatistics
}
