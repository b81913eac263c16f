/** One acquire of one session, from the asking to the end. */

export interface Task {
  readonly id: number
  readonly session: ModelSession
  readonly name: string
  readonly asksOnce: boolean
  readonly deadlineMs: number
  count: bigint
  data: string
  /** 'stale': taken away by a forced delete, and not noticed by anybody. */
  state: 'in line' | 'waiting' | 'held' | 'stale' | 'over'
  /** How it ended. */
  outcome: Outcome | null
  /** Somebody has looked at the lease's signal. */
  isWatched: boolean
}

export type Outcome =
  | 'null'
  | 'released'
  | 'aborted'
  | 'late'
  /** The semaphore is not there, or was taken away. */
  | 'gone'
  | 'too much'
  | 'session over'

export interface ModelSession {
  readonly index: number
  isOver: boolean
  readonly lines: Map<string, Task[]>
}

/** The first end counts. */
export function settle(task: Task, outcome: Outcome): void {
  if (task.state === 'over') return
  task.state = 'over'
  task.outcome = outcome
}
