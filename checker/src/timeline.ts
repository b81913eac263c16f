/**
 * The operations that are not placed yet, by time: a doubly linked list, from which an operation is lifted when it is placed, and
 * into which it is put back, in reverse order of lifting, when the search goes back.
 */
import type { Model, Operation } from './history.ts'

/** An operation in a search. */
export interface Candidate<I, O> {
  readonly operation: Operation<I, O>
  /** Its number among the answered, or among the unanswered operations, by the time of the call. */
  readonly number: number
  readonly isSight: boolean
  readonly call: Moment<I, O>
  /** null when it may be left out. */
  readonly end: Moment<I, O> | null
}

/** The call of an operation, or its return. */
export interface Moment<I, O> {
  /** null for a return. */
  called: Candidate<I, O> | null
  readonly at: number
  previous: Moment<I, O> | null
  next: Moment<I, O> | null
}

export class Timeline<I, O> {
  readonly #head: Moment<I, O> = momentAt<I, O>(-Infinity)

  constructor(candidates: readonly Candidate<I, O>[]) {
    let last = this.#head
    for (const moment of momentsOf(candidates)) {
      last.next = moment
      moment.previous = last
      last = moment
    }
  }

  get first(): Moment<I, O> | null {
    return this.#head.next
  }

  /** The first return that is left: what comes next was called before it. */
  get deadline(): number {
    let moment = this.first
    while (moment !== null && moment.called !== null) moment = moment.next
    return moment?.at ?? Infinity
  }

  lift({ call, end }: Candidate<I, O>): void {
    unlink(call)
    if (end !== null) unlink(end)
  }

  /** Undoes the last lift. */
  restore({ call, end }: Candidate<I, O>): void {
    if (end !== null) link(end)
    link(call)
  }
}

export function candidatesOf<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<I, O>[],
): Candidate<I, O>[] {
  const byCall = operations.toSorted((one, other) => one.calledAt - other.calledAt)
  return byCall.map((operation, number) => {
    const { input, output, calledAt, returnedAt } = operation
    const isSight = output !== null && model.isSight?.(input, output) === true
    const call = momentAt<I, O>(calledAt)
    const end = output === null ? null : momentAt<I, O>(returnedAt)
    const candidate = { operation, number, isSight, call, end }
    call.called = candidate
    return candidate
  })
}

/** By time; at equal times calls stand before returns, since the two are concurrent. */
function momentsOf<I, O>(candidates: readonly Candidate<I, O>[]): Moment<I, O>[] {
  const calls = candidates.map(({ call }) => call)
  const ends = candidates.flatMap(({ end }) => end ?? [])
  return [...calls, ...ends].sort((one, other) => one.at - other.at || 0)
}

function momentAt<I, O>(at: number): Moment<I, O> {
  return { called: null, at, previous: null, next: null }
}

function unlink<I, O>({ previous, next }: Moment<I, O>): void {
  if (previous !== null) previous.next = next
  if (next !== null) next.previous = previous
}

function link<I, O>(moment: Moment<I, O>): void {
  if (moment.previous !== null) moment.previous.next = moment
  if (moment.next !== null) moment.next.previous = moment
}
