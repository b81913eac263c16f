/**
 * A counting semaphore with a queue: who owns how much, who waits, in which order.
 *
 * Whatever frees units gives them away in the same instant, first come, first served, so no state shows free units that the
 * first waiter could use. The order ids of those who enter grow; they come from a counter of the whole node and may skip.
 *
 * An acquire that may wait takes effect twice, so it is recorded as two operations: `enqueue`, and `granted` or `give-up`.
 * semaphore-history.ts makes them from what a client saw.
 */
import type { Model } from '../history.ts'
import { has, type Holder, said, see, type SemaphoreState, tell } from './holders.ts'
import {
  saidInput,
  saidOutput,
  type SemaphoreInput,
  type SemaphoreOutput,
  tokenOf,
} from './semaphore-operation.ts'
import { above } from './serial.ts'

type State = SemaphoreState
type Enqueue = Extract<SemaphoreInput, { kind: 'enqueue' }>

/** @param limit units that can be held at a time */
export function semaphoreModel(
  limit: bigint,
): Model<SemaphoreState, SemaphoreInput, SemaphoreOutput> {
  return {
    initial: { owners: [], waiters: [], last: 0n, ended: [] },
    step: (state, input, output) => {
      const next = step(limit, state, input, output)
      return next === null ? [] : [next]
    },
    isSight: ({ kind }, output) =>
      kind === 'describe' ||
      kind === 'granted' ||
      output.kind === 'missed' ||
      output.kind === 'refused' ||
      (output.kind === 'released' && output.released === false),
    keyOf: ({ owners, waiters, last, ended }) =>
      `owners ${said(owners)} waiters ${said(waiters)} last ${last} ended [${ended.join(' ')}]`,
    describe: (input, output) =>
      `${saidInput(input)} -> ${output === null ? 'no answer' : saidOutput(output)}`,
  }
}

function step(
  limit: bigint,
  state: State,
  input: SemaphoreInput,
  output: SemaphoreOutput | null,
): State | null {
  switch (input.kind) {
    case 'enqueue':
      return enqueue(limit, state, input, output)
    case 'granted':
      return has(state.owners, input.session) ? tell(state, input.session, tokenOf(output)) : null
    case 'give-up':
      return has(state.waiters, input.session) ? leave(limit, state, input.session) : null
    case 'release':
      return release(limit, state, { ...input, output })
    case 'describe':
      return output?.kind === 'described' ? see(state, output) : state
    case 'expire':
      return expire(limit, state, { ...input, output })
    default:
      return input satisfies never
  }
}

function enqueue(
  limit: bigint,
  state: State,
  input: Enqueue,
  output: SemaphoreOutput | null,
): State | null {
  const { session, count, once } = input
  const most = countOf(state, session)
  if (state.ended.includes(session) || count > (most ?? limit)) {
    return output?.kind === 'refused' ? state : null
  }
  const asked = settle(limit, withTerms(state, { session, count, token: above(state.last) }))
  const waits = has(asked.waiters, session)
  if (once && waits) {
    if (output !== null && !isMiss(output, most !== null)) return null
    return most === null ? state : leave(limit, asked, session)
  }
  if (output !== null && !isEntry(output, waits)) return null
  return tell(asked, session, tokenOf(output))
}

/** Units that the session owns or waits for. */
function countOf({ owners, waiters }: State, session: bigint): bigint | null {
  const mine = [...owners, ...waiters].find((holder) => holder.session === session)
  return mine?.count ?? null
}

function isMiss({ kind }: SemaphoreOutput, hadPlace: boolean): boolean {
  return kind === 'not-acquired' || (kind === 'missed' && !hadPlace)
}

function isEntry({ kind }: SemaphoreOutput, waits: boolean): boolean {
  return kind === 'entered' || kind === (waits ? 'queued' : 'granted')
}

/** A holder keeps its place and its order id, and takes the new count; whoever is new comes last. */
function withTerms(state: State, asked: Holder): State {
  const { session, count } = asked
  const change = (holders: readonly Holder[]): Holder[] =>
    holders.map((holder) => (holder.session === session ? { ...holder, count } : holder))
  if (has(state.owners, session)) return { ...state, owners: change(state.owners) }
  if (has(state.waiters, session)) return { ...state, waiters: change(state.waiters) }
  return { ...state, waiters: [...state.waiters, asked] }
}

/** The same state when the session has nothing. */
function leave(limit: bigint, state: State, session: bigint): State {
  if (!isThere(state, session)) return state
  const others = (holder: Holder): boolean => holder.session !== session
  const { owners, waiters } = state
  return settle(limit, {
    ...state,
    owners: owners.filter(others),
    waiters: waiters.filter(others),
  })
}

function isThere({ owners, waiters }: State, session: bigint): boolean {
  return has(owners, session) || has(waiters, session)
}

function release(
  limit: bigint,
  state: State,
  { session, output }: { readonly session: bigint; readonly output: SemaphoreOutput | null },
): State | null {
  const there = isThere(state, session)
  const told = output?.kind === 'released' ? output.released : null
  return told === null || told === there ? leave(limit, state, session) : null
}

/** An end that was not told matters only to those who have something. */
function expire(
  limit: bigint,
  state: State,
  { session, output }: { readonly session: bigint; readonly output: SemaphoreOutput | null },
): State | null {
  if (state.ended.includes(session)) return null
  const left = leave(limit, state, session)
  if (left === state && output === null) return null
  const ended = [...state.ended, session].sort((one, other) => (one < other ? -1 : 1))
  return { ...left, ended }
}

/** Grants from the front as long as the first waiter fits. */
function settle(limit: bigint, state: State): State {
  let free = state.owners.reduce((rest, { count }) => rest - count, limit)
  let granted = 0
  for (const { count } of state.waiters) {
    if (count > free) break
    free -= count
    granted += 1
  }
  if (granted === 0) return state
  const owners = [...state.owners, ...state.waiters.slice(0, granted)]
  return { ...state, owners, waiters: state.waiters.slice(granted) }
}
