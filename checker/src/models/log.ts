/**
 * One task of the log: its records in order, and who may write them.
 *
 * A task has one operator at a time: its opener, then whoever it was handed out to. Each hand-out has a greater attempt number,
 * and an operation of an older attempt is refused. Hand-outs that reached nobody are not seen, so attempts may skip. Due times
 * are not judged here.
 */
import type { Model } from '../history.ts'

export type LogInput =
  | { readonly kind: 'open'; readonly record: string | null }
  | { readonly kind: 'append' | 'replace'; readonly attempt: number; readonly record: string }
  | { readonly kind: 'delete' | 'store'; readonly attempt: number }
  /** The connection of the attempt's operator is gone, and the server stores the task. */
  | { readonly kind: 'lose'; readonly attempt: number }
  /** Somebody becomes the operator. */
  | { readonly kind: 'hand-out' }
  /** Somebody ends it while nobody drives it. */
  | { readonly kind: 'drop' }
  /** Somebody who drives nothing looks. */
  | { readonly kind: 'read' }

export type LogOutput =
  | { readonly kind: 'done' }
  /** The operation is of an older attempt; or of this one, which has ended. */
  | { readonly kind: 'stale' | 'closed' }
  | {
      readonly kind: 'handed-out'
      readonly attempt: number
      readonly records: readonly string[]
    }
  /** null: there is no task. */
  | { readonly kind: 'read'; readonly records: readonly string[] | null }

export interface LogState {
  readonly phase: 'unopened' | 'active' | 'stored' | 'gone'
  /** Of the last operator. */
  readonly attempt: number
  readonly records: readonly string[]
}
type Outcome = LogState | null

export const logModel: Model<LogState, LogInput, LogOutput> = {
  initial: { phase: 'unopened', attempt: 0, records: [] },
  step: (state, input, output) => {
    const next = step(state, input, output)
    return next === null ? [] : [next]
  },
  isSight: ({ kind }, output) =>
    kind === 'read' || output.kind === 'stale' || output.kind === 'closed',
  keyOf: ({ phase, attempt, records }) => `${phase} attempt ${attempt} ${JSON.stringify(records)}`,
  describe: (input, output) => `${saidInput(input)} -> ${saidOutput(output)}`,
}

function step(state: LogState, input: LogInput, output: LogOutput | null): Outcome {
  if ('attempt' in input) return operate(state, input, output)
  switch (input.kind) {
    case 'open':
      return state.phase === 'unopened' ? open(input.record) : null
    case 'hand-out':
      return output?.kind === 'handed-out' ? handOut(state, output) : null
    case 'drop':
      return output === null || output.kind === 'done' ? drop(state) : null
    case 'read':
      if (output === null) return state
      return output.kind === 'read' && shows(state, output.records) ? state : null
    default:
      return input satisfies never
  }
}

function open(record: string | null): LogState {
  return { phase: 'active', attempt: 0, records: record === null ? [] : [record] }
}

function handOut(state: LogState, output: Extract<LogOutput, { kind: 'handed-out' }>): Outcome {
  const { attempt, records } = output
  if (state.phase !== 'stored' || attempt <= state.attempt) return null
  return same(records, state.records) ? { ...state, phase: 'active', attempt } : null
}

function drop(state: LogState): Outcome {
  return state.phase === 'stored' ? { ...state, phase: 'gone', records: [] } : null
}

type Operate = Extract<LogInput, { readonly attempt: number }>

function operate(state: LogState, input: Operate, output: LogOutput | null): Outcome {
  const isCurrent = state.phase !== 'unopened' && input.attempt === state.attempt
  if (output?.kind === 'stale') return input.attempt < state.attempt ? state : null
  if (output?.kind === 'closed') return isCurrent && state.phase !== 'active' ? state : null
  return isCurrent && state.phase === 'active' ? operated(state, input) : null
}

function operated(state: LogState, input: Operate): LogState {
  switch (input.kind) {
    case 'append':
      return { ...state, records: [...state.records, input.record] }
    case 'replace':
      return { ...state, records: [input.record] }
    case 'delete':
      return { ...state, phase: 'gone', records: [] }
    case 'store':
    case 'lose':
      return { ...state, phase: 'stored' }
    default:
      return input satisfies never
  }
}

function shows({ phase, records }: LogState, seen: readonly string[] | null): boolean {
  if (seen === null) return phase === 'unopened' || phase === 'gone'
  return (phase === 'active' || phase === 'stored') && same(seen, records)
}

function same(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((record, at) => record === others[at])
}

function saidInput(input: LogInput): string {
  const attempt = 'attempt' in input ? ` as ${input.attempt}` : ''
  const record = 'record' in input && input.record !== null ? ` ${input.record}` : ''
  return `${input.kind}${attempt}${record}`
}

function saidOutput(output: LogOutput | null): string {
  if (output === null) return 'no answer'
  if (output.kind === 'handed-out') return `attempt ${output.attempt} [${output.records.join(' ')}]`
  return output.kind === 'read' ? `[${output.records?.join(' ') ?? 'no task'}]` : output.kind
}
