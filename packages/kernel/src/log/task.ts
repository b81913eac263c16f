/** A task in memory: one that somebody drives, and one that waits for its hand-out. */
import type { Session } from '../session.ts'
import type { TaskId } from './command.ts'
import type { Handling } from './handling.ts'
import type { Theme } from './theme.ts'

/** What stays with a task through all its states. */
export interface TaskFields {
  /** Names the task within its node. */
  readonly index: number
  readonly term: number
  readonly attempt: number
  readonly repeats: number
  /** Its records have the numbers from the first one on, up to the next one. */
  readonly firstRecord: number
  readonly nextRecord: number
  readonly recordBytes: number
  readonly failure: string
}

/** A stored or dead task, as its row has it. A dead one is due never. */
export interface KeptTask extends TaskFields {
  readonly state: 'stored' | 'dead'
  readonly theme: number
  readonly dueSecond: number
  /** The node's commit number when it was stored. */
  readonly number: number
}

export class ActiveTask implements TaskFields {
  readonly theme: Theme
  readonly index: number
  readonly term: number
  attempt = 0
  repeats = 0
  firstRecord = 0
  nextRecord = 0
  recordBytes = 0
  failure = ''
  changed: number
  /** null when nobody drives it: it is stored as soon as that can be. */
  operator: Session | null = null
  /** What it was handed out for; null for who opened or took it. */
  handling: Handling | null = null
  /** Whether `nextRecord` and `recordBytes` are right: after a restart they have to be found out. */
  isCounted = true

  /** A task without records, in its first attempt. */
  constructor(
    theme: Theme,
    { index, term }: { readonly index: number; readonly term: number },
    changed: number,
  ) {
    this.theme = theme
    this.index = index
    this.term = term
    this.changed = changed
  }
}

export function idOf({ term, index }: { readonly term: number; readonly index: number }): TaskId {
  return { term: BigInt(term), index: BigInt(index) }
}

export function idText({ term, index }: TaskId): string {
  return `${term}.${index}`
}
