/**
 * One key of the leased store: absent, or a value with a version.
 *
 * Versions are commit numbers of the node: they grow with every write, skip what other keys took, and are never used again, also
 * not after a deletion. The version of a write that was not answered is unknown until somebody sees its value.
 */
import type { Model } from '../history.ts'
import type { Writing } from '../unanswered.ts'
import { above, exactly, mayBe, printed, type Serial } from './serial.ts'

export type RecordInput =
  /** Writes whether or not there is a record. A record belongs to the lease it was made with, if any, whoever writes it later. */
  | { readonly kind: 'put' | 'create'; readonly value: string; readonly lease: bigint | null }
  | { readonly kind: 'cas'; readonly value: string; readonly version: bigint }
  /** `version` null deletes any record. */
  | { readonly kind: 'delete'; readonly version: bigint | null }
  | { readonly kind: 'get' }
  /** The lease ends; the record goes with it if it belongs to it. */
  | { readonly kind: 'expire'; readonly lease: bigint }

export type RecordOutput =
  | { readonly kind: 'written'; readonly version: bigint }
  /** The record that is there: the answer to a get, and what stood in the way of a create, a cas or a delete. */
  | { readonly kind: 'found' | 'exists' | 'wrong-version'; readonly record: Versioned | null }
  | { readonly kind: 'not-found' }
  /** It was deleted, or it is gone. */
  | { readonly kind: 'done' }

export interface Versioned {
  readonly value: string
  readonly version: bigint
}

export interface RecordState {
  /** The greatest version that was told: later ones are above it. */
  readonly last: bigint
  readonly record: Present | null
}

interface Present {
  readonly value: string
  readonly version: Serial
  readonly lease: bigint | null
}

export const recordModel: Model<RecordState, RecordInput, RecordOutput> = {
  initial: { last: 0n, record: null },
  step: (state, input, output) => {
    const next = output === null ? guess(state, input) : step(state, input, output)
    return next === null ? [] : [next]
  },
  isSight: ({ kind }, output) =>
    kind === 'get' || output.kind === 'not-found' || 'record' in output,
  keyOf: ({ last, record }) => `${record === null ? 'absent' : saidRecord(record)} last ${last}`,
  describe: (input, output) => `${saidInput(input)} -> ${saidOutput(output)}`,
}

/** Each write can be noticed without its value: by its version, or because something is there. */
export const recordWriting: Writing<RecordInput, RecordOutput> = {
  writtenBy: (input) => ('value' in input ? input.value : null),
  seenIn: (_, output) =>
    'record' in output && output.record !== null ? [output.record.value] : [],
  isTraceless: () => false,
}

function step(state: RecordState, input: RecordInput, output: RecordOutput): RecordState | null {
  if (output.kind === 'not-found') return state.record === null && mayMiss(input) ? state : null
  if ('value' in input) {
    if (output.kind === 'written') return write(state, input, output.version)
    return standsInTheWay(state, input, output)
  }
  switch (input.kind) {
    case 'get':
      return output.kind === 'found' ? see(state, output.record) : null
    case 'expire':
      return output.kind === 'done' ? expire(state, input.lease) : null
    case 'delete':
      if (output.kind === 'wrong-version') return seeOther(state, input.version, output.record)
      return output.kind === 'done' ? remove(state, input.version) : null
    default:
      return input satisfies never
  }
}

/** What an operation that was not answered did, if it did anything. */
function guess(state: RecordState, input: RecordInput): RecordState | null {
  if ('value' in input) return write(state, input, null)
  if (input.kind === 'delete') return remove(state, input.version)
  return input.kind === 'expire' ? expire(state, input.lease) : state
}

type Write = Extract<RecordInput, { readonly value: string }>

function write(state: RecordState, input: Write, version: bigint | null): RecordState | null {
  if (input.kind === 'create' && state.record !== null) return null
  const before = input.kind === 'cas' ? withVersion(state, input.version) : state
  if (before === null) return null
  const { value } = input
  const leased = 'lease' in input ? input.lease : null
  const lease = before.record === null ? leased : before.record.lease
  const floor = highest(before)
  if (version === null) return { ...before, record: { value, version: above(floor), lease } }
  if (version <= floor) return null
  return { last: version, record: { value, version: exactly(version), lease } }
}

function standsInTheWay(
  state: RecordState,
  input: Write,
  output: RecordOutput,
): RecordState | null {
  if (output.kind === 'exists' && input.kind === 'create') return see(state, output.record)
  if (output.kind !== 'wrong-version' || input.kind !== 'cas') return null
  return seeOther(state, input.version, output.record)
}

function expire(state: RecordState, lease: bigint): RecordState | null {
  return state.record?.lease === lease ? remove(state, null) : state
}

function remove(state: RecordState, version: bigint | null): RecordState | null {
  const before = version === null ? state : withVersion(state, version)
  if (before === null || before.record === null) return null
  return { last: highest(before), record: null }
}

/** The least that the last version can be. */
function highest({ last, record }: RecordState): bigint {
  return record !== null && record.version.least > last ? record.version.least : last
}

/** The state when it is known that the record has this version; null when it has not. */
function withVersion({ last, record }: RecordState, version: bigint): RecordState | null {
  if (record === null || !mayBe(record.version, version)) return null
  return {
    last: version > last ? version : last,
    record: { ...record, version: exactly(version) },
  }
}

/** The state when the record was seen, or, with null, when it was told that there is one. */
function see(state: RecordState, seen: Versioned | null): RecordState | null {
  if (seen === null) return state.record === null ? null : state
  return seen.value === state.record?.value ? withVersion(state, seen.version) : null
}

/** The state when it was told that the record has not the version that was asked for. */
function seeOther(
  state: RecordState,
  asked: bigint | null,
  seen: Versioned | null,
): RecordState | null {
  const next = asked === null ? null : see(state, seen)
  return next?.record && printed(next.record.version) === `${asked}` ? null : next
}

function mayMiss({ kind }: RecordInput): boolean {
  return kind === 'get' || kind === 'cas' || kind === 'delete'
}

function saidRecord({ value, version, lease }: Present): string {
  return `${value}@${printed(version)}${lease === null ? '' : ` of lease ${lease}`}`
}

function saidInput(input: RecordInput): string {
  const value = 'value' in input ? ` ${input.value}` : ''
  const version = 'version' in input && input.version !== null ? ` if @${input.version}` : ''
  const lease = 'lease' in input && input.lease !== null ? ` of lease ${input.lease}` : ''
  return `${input.kind}${value}${version}${lease}`
}

function saidOutput(output: RecordOutput | null): string {
  if (output === null) return 'no answer'
  if (output.kind === 'written') return `@${output.version}`
  const seen = 'record' in output ? output.record : null
  return seen === null ? output.kind : `${output.kind} ${seen.value}@${seen.version}`
}
