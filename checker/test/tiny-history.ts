/** Random histories of a handful of operations: possible ones, and such with one mistake. */
import type { Operation } from '@tenure/checker'
import type { Random } from './random.ts'
import type { World } from './worlds.ts'

const OPERATIONS_MAX = 6
/** Between two effects. */
const PERIOD = 10
/** From the call to the effect and from the effect to the return, at most. */
const SPREAD = 20
/** How often an input is drawn again because nobody can ask for it in this state. */
const DRAWS_MAX = 50

/** A history in which each operation took effect at its instant, in turn. */
export function possibleHistory<S, I, O>(world: World<S, I, O>, random: Random): Operation<I, O>[] {
  const { model } = world
  const operations: Operation<I, O>[] = []
  const length = 2 + random.below(OPERATIONS_MAX - 1)
  let state = model.initial
  for (let draw = 0; draw < DRAWS_MAX && operations.length < length; draw += 1) {
    const input = world.input(random)
    const instant = (operations.length + 1) * PERIOD
    const calledAt = instant - random.below(SPREAD)
    const returnedAt = instant + random.below(SPREAD)
    const actor = `client ${operations.length}`
    if (random.onceIn(4)) {
      const after = model.step(state, input, null)
      if (after.length > 0 && random.onceIn(2)) state = random.of(after)
      const until = random.onceIn(3) ? returnedAt : Infinity
      operations.push({ actor, input, output: null, calledAt, returnedAt: until })
      continue
    }
    const outputs = world.outputs(input, state)
    const from = random.below(outputs.length)
    const drawn = [...outputs.slice(from), ...outputs.slice(0, from)]
    const before = state
    const output = drawn.find((each) => model.step(before, input, each).length > 0)
    if (output === undefined) continue
    state = random.of(model.step(state, input, output))
    operations.push({ actor, input, output, calledAt, returnedAt })
  }
  return operations
}

/** The history with another answer, or another time, in one place. */
export function withMistake<S, I, O>(
  world: World<S, I, O>,
  history: readonly Operation<I, O>[],
  random: Random,
): Operation<I, O>[] {
  const at = random.below(history.length)
  return history.map((operation, index) => {
    if (index !== at) return operation
    if (random.onceIn(3)) {
      const shift = random.below(2 * SPREAD) - SPREAD
      const { calledAt, returnedAt } = operation
      return { ...operation, calledAt: calledAt + shift, returnedAt: returnedAt + shift }
    }
    const output = random.of(world.outputs(operation.input, world.model.initial))
    return { ...operation, output }
  })
}
