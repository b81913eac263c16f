/** Short histories by hand: who asked for what, when, and what came back. */
import { check, type Model, type Operation } from '@tenure/checker'

/** From the call to the return; without the second no answer came. */
type When = readonly [calledAt: number, returnedAt?: number]

/** One operation; `output` null: no answer. */
export type Op<I, O> = (actor: string, input: I, output: O | null, when: When) => Operation<I, O>

/** Makes operations of one model. */
export function opOf<I, O>(): Op<I, O> {
  return (actor, input, output, [calledAt, returnedAt = Infinity]) => {
    return { actor, input, output, calledAt, returnedAt }
  }
}

/** The word for the verdict. */
export function verdictOf<S, I, O>(
  model: Model<S, I, O>,
  history: readonly Operation<I, O>[],
): string {
  return check(model, history).kind
}
