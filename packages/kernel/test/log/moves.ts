/** What may come next in the life of a session log. */
import { array, boolean, constantFrom, nat, oneof, record } from 'fast-check'
import type { Arbitrary } from 'fast-check'
import type { TaskId } from '@tenure/kernel'
import * as ask from './log-node.ts'
import type { Question } from './log-node.ts'

const OF_TASK = ['append', 'replace', 'delete', 'store', 'read'] as const
/** In place of a task that is there, one that was. */
export const GONE = 40

export const LOOKUPS = ['take', 'requeue', 'drop', 'show'] as const
export const OF_SESSION = ['open', 'handle', 'stop handling', 'attach', 'detach', 'stop'] as const
export const OF_NODE = ['commit', 'settle', 'wait', 'wall', 'configure', 'crash'] as const

export type TaskKind = (typeof OF_TASK)[number]
export type LookupKind = (typeof LOOKUPS)[number]
export type SessionKind = (typeof OF_SESSION)[number]
export type NodeKind = (typeof OF_NODE)[number]
export type Kind = TaskKind | LookupKind | SessionKind | NodeKind

export interface Move {
  readonly kind: Kind
  /** Which of the guests, tasks and themes. */
  readonly who: number
  readonly task: number
  readonly theme: number
  /** In the session and the attempt that drive the task; with a record; forward. */
  readonly right: boolean
  readonly count: number
}

const kind: Arbitrary<Kind> = oneof(
  { weight: 8, arbitrary: constantFrom(...OF_TASK, 'store' as const) },
  { weight: 5, arbitrary: constantFrom(...LOOKUPS) },
  { weight: 9, arbitrary: constantFrom('open' as const, 'open' as const, ...OF_SESSION) },
  { weight: 8, arbitrary: constantFrom('commit' as const, 'wait' as const, ...OF_NODE) },
)

const move: Arbitrary<Move> = record({
  kind,
  who: nat(2),
  task: nat(GONE),
  theme: nat(8),
  right: oneof({ weight: 5, arbitrary: constantFrom(true) }, { weight: 1, arbitrary: boolean() }),
  count: nat(3),
})

export const moves: Arbitrary<Move[]> = array(move, { minLength: 30, maxLength: 150, size: 'max' })

export function isOneOf<T extends Kind>(kinds: readonly T[], kind: Kind): kind is T {
  return kinds.some((one) => one === kind)
}

/** @param name of the task and the attempt */
export function questionOf(
  kind: TaskKind,
  name: string,
  { count, text = '' }: { count: number; text?: string },
): Question {
  if (kind === 'append') return ask.append(name, text)
  if (kind === 'replace') return ask.replace(name, text)
  if (kind === 'delete') return ask.remove(name)
  return kind === 'read' ? ask.read(name, count) : ask.store(name, count)
}

export function idOf({ term, index }: TaskId): string {
  return `${term}.${index}`
}
