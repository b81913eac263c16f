/** The checker without any cleverness: each order that respects time, and each choice of unanswered operations to leave out. */
import type { Model, Operation } from '@tenure/checker'

export function isLinearizable<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<I, O>[],
): boolean {
  const isBefore = (one: Operation<I, O>, other: Operation<I, O>): boolean =>
    one.returnedAt < other.calledAt
  const goOn = (
    state: S,
    placed: readonly Operation<I, O>[],
    left: readonly Operation<I, O>[],
  ): boolean => {
    if (left.every(({ output }) => output === null)) return true
    return left.some((next) => {
      const others = left.filter((other) => other !== next)
      if (placed.some((earlier) => isBefore(next, earlier))) return false
      if (others.some((other) => other.output !== null && isBefore(other, next))) return false
      const states = model.step(state, next.input, next.output)
      return states.some((after) => goOn(after, [...placed, next], others))
    })
  }
  return goOn(model.initial, [], operations)
}
