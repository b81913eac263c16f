/**
 * Could this have happened? Looks for an order of the operations that respects time and that the model can walk.
 *
 * The search is Wing and Gong's, depth first: whatever was called before the first return that is left may come next. Lowe's
 * memory makes it fast: two ways to the same set of placed operations and the same state go on alike, so the second is not walked.
 * Operations without an answer are tried last and only where they change something; leaving one out is always allowed.
 */
import type { Impasse, Model, Operation, Verdict } from './history.ts'
import { Placed } from './placed.ts'
import { type Candidate, candidatesOf, type Moment, Timeline } from './timeline.ts'

export interface CheckOptions {
  /** How many steps of the model are tried before the verdict is `unknown`. */
  readonly stepsMax?: number
}

export const STEPS_MAX = 1_000_000

/** @throws RangeError when an operation returned before it was called */
export function check<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<I, O>[],
  { stepsMax = STEPS_MAX }: CheckOptions = {},
): Verdict {
  return new Search(model, operations, stepsMax).run()
}

/** A placed operation, and what is needed to place it otherwise. */
interface Placement<S, I, O> {
  readonly candidate: Candidate<I, O>
  readonly states: readonly S[]
  /** Which of the states was taken. */
  readonly choice: number
  readonly before: { readonly state: S; readonly latestCall: number }
  /** If nothing can follow it here, nothing can follow what is before it. */
  readonly isFinal: boolean
}

/** The longest order that was found. */
interface Way<S, I, O> {
  readonly placed: readonly Candidate<I, O>[]
  readonly state: S
  readonly stuckAt: readonly Candidate<I, O>[]
}

class Search<S, I, O> {
  readonly #model: Model<S, I, O>
  readonly #stepsMax: number
  readonly #answered: Timeline<I, O>
  readonly #unanswered: Timeline<I, O>
  readonly #answeredPlaced: Placed
  readonly #unansweredPlaced: Placed
  /** Sets of placed operations with the state they led to. */
  readonly #visited = new Set<string>()
  readonly #path: Placement<S, I, O>[] = []
  #state: S
  /** The latest call among the placed operations: nothing that was over before it can follow. */
  #latestCall = -Infinity
  /** Answered operations that are not placed. */
  #left: number
  #steps = 0
  #farthest: { readonly left: number; readonly way: Way<S, I, O> } | null = null

  constructor(model: Model<S, I, O>, operations: readonly Operation<I, O>[], stepsMax: number) {
    for (const { actor, calledAt, returnedAt } of operations) {
      if (calledAt <= returnedAt) continue
      throw new RangeError(`an operation of ${actor} returned at ${returnedAt}, called ${calledAt}`)
    }
    const answered = candidatesOf(
      model,
      operations.filter(({ output }) => output !== null),
    )
    const unanswered = candidatesOf(
      model,
      operations.filter(({ output }) => output === null),
    )
    this.#model = model
    this.#stepsMax = stepsMax
    this.#state = model.initial
    this.#left = answered.length
    this.#answered = new Timeline(answered)
    this.#unanswered = new Timeline(unanswered)
    this.#answeredPlaced = new Placed(answered.length)
    this.#unansweredPlaced = new Placed(unanswered.length)
  }

  run(): Verdict {
    let next = this.#firstCandidate()
    while (this.#left > 0) {
      if (this.#steps >= this.#stepsMax) return { kind: 'unknown', steps: this.#steps }
      if (next === null) {
        this.#remember()
        let last = this.#undo()
        while (last?.isFinal) last = this.#undo()
        if (last === undefined) return { kind: 'violation', impasse: this.#impasse() }
        const again = this.#place(last.candidate, last.states, last.choice + 1)
        next = again ? this.#firstCandidate() : this.#candidateAfter(last.candidate)
      } else {
        next = this.#try(next) ? this.#firstCandidate() : this.#candidateAfter(next)
      }
    }
    return { kind: 'linearizable' }
  }

  #firstCandidate(): Candidate<I, O> | null {
    return this.#answeredAfter(null) ?? this.#unansweredFrom(this.#unanswered.first)
  }

  #candidateAfter(last: Candidate<I, O>): Candidate<I, O> | null {
    if (last.end === null) return this.#unansweredFrom(last.call.next)
    return this.#answeredAfter(last) ?? this.#unansweredFrom(this.#unanswered.first)
  }

  /** Of those that can come next the one to try after the last: sights, since they shut out nothing, then who returned first. */
  #answeredAfter(last: Candidate<I, O> | null): Candidate<I, O> | null {
    let next: Candidate<I, O> | null = null
    for (let moment = this.#answered.first; moment?.called; moment = moment.next) {
      const { called } = moment
      if (last !== null && !isEarlier(last, called)) continue
      if (next === null || isEarlier(called, next)) next = called
    }
    return next
  }

  #unansweredFrom(from: Moment<I, O> | null): Candidate<I, O> | null {
    const { deadline } = this.#answered
    for (let moment = from; moment !== null && moment.at <= deadline; moment = moment.next) {
      const { called } = moment
      if (called !== null && called.operation.returnedAt >= this.#latestCall) return called
    }
    return null
  }

  #try(candidate: Candidate<I, O>): boolean {
    this.#steps += 1
    const { input, output } = candidate.operation
    return this.#place(candidate, this.#model.step(this.#state, input, output), 0)
  }

  /** Places it with the first state, from that choice on, that leads to where the search has not been. */
  #place(candidate: Candidate<I, O>, states: readonly S[], from: number): boolean {
    const placed = candidate.end === null ? this.#unansweredPlaced : this.#answeredPlaced
    placed.add(candidate.number)
    for (const [choice, state] of states.entries()) {
      if (choice < from || !this.#isNews(candidate, state)) continue
      const before = { state: this.#state, latestCall: this.#latestCall }
      const isFinal = states.length === 1 && this.#isFinal(candidate, state)
      this.#path.push({ candidate, states, choice, before, isFinal })
      this.#state = state
      this.#latestCall = Math.max(this.#latestCall, candidate.operation.calledAt)
      this.#timelineOf(candidate).lift(candidate)
      if (candidate.end !== null) this.#left -= 1
      return true
    }
    placed.remove(candidate.number)
    return false
  }

  #isNews(candidate: Candidate<I, O>, state: S): boolean {
    const key = this.#model.keyOf(state)
    // An unanswered operation that changes nothing is as good as left out.
    if (candidate.end === null && key === this.#model.keyOf(this.#state)) return false
    const visit = this.#answeredPlaced.key + this.#unansweredPlaced.key + key
    if (this.#visited.has(visit)) return false
    this.#visited.add(visit)
    return true
  }

  /** Whether it only looked, and saw nothing new: where it fits, a later place for it is no better. */
  #isFinal({ isSight, operation }: Candidate<I, O>, state: S): boolean {
    if (!isSight || this.#model.keyOf(state) !== this.#model.keyOf(this.#state)) return false
    return !this.#excludes(operation.calledAt)
  }

  /** Whether an unanswered operation that can still come next could not do so after what was called at this time. */
  #excludes(calledAt: number): boolean {
    let moment = calledAt > this.#latestCall ? this.#unanswered.first : null
    for (; moment !== null && moment.at < calledAt; moment = moment.next) {
      const returnedAt = moment.called?.operation.returnedAt ?? Infinity
      if (returnedAt >= this.#latestCall && returnedAt < calledAt) return true
    }
    return false
  }

  #undo(): Placement<S, I, O> | undefined {
    const last = this.#path.pop()
    if (last === undefined) return undefined
    const { candidate, before } = last
    this.#state = before.state
    this.#latestCall = before.latestCall
    this.#timelineOf(candidate).restore(candidate)
    if (candidate.end === null) {
      this.#unansweredPlaced.remove(candidate.number)
    } else {
      this.#answeredPlaced.remove(candidate.number)
      this.#left += 1
    }
    return last
  }

  #timelineOf({ end }: Candidate<I, O>): Timeline<I, O> {
    return end === null ? this.#unanswered : this.#answered
  }

  /** Keeps the way that got farthest; of equally far ones the first, which guessed the fewest unanswered operations. */
  #remember(): void {
    if (this.#farthest !== null && this.#farthest.left <= this.#left) return
    const stuckAt: Candidate<I, O>[] = []
    for (let moment = this.#answered.first; moment?.called; moment = moment.next) {
      stuckAt.push(moment.called)
    }
    stuckAt.sort((one, other) => one.operation.returnedAt - other.operation.returnedAt)
    const placed = this.#path.map(({ candidate }) => candidate)
    this.#farthest = { left: this.#left, way: { placed, state: this.#state, stuckAt } }
  }

  #impasse(): Impasse {
    if (this.#farthest === null) throw new Error('a search ended before it was stuck')
    const { placed, state, stuckAt } = this.#farthest.way
    const say = ({ operation }: Candidate<I, O>): string => this.#say(operation)
    return { placed: placed.map(say), state: this.#model.keyOf(state), stuckAt: stuckAt.map(say) }
  }

  #say({ actor, input, output, calledAt, returnedAt }: Operation<I, O>): string {
    const until = returnedAt === Infinity ? '' : `${returnedAt}`
    return `${actor}: ${this.#model.describe(input, output)} @ ${calledAt}..${until}`
  }
}

function isEarlier<I, O>(one: Candidate<I, O>, other: Candidate<I, O>): boolean {
  if (one.isSight !== other.isSight) return one.isSight
  const difference = one.operation.returnedAt - other.operation.returnedAt
  return difference === 0 ? one.number < other.number : difference < 0
}
