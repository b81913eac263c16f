/**
 * What else a history tells about operations without an answer. Each thing known makes the search shorter: an operation that may
 * have happened at any time doubles the ways it can go.
 */
import type { Operation } from './history.ts'

/** What a model's operations write and see. */
export interface Writing<I, O> {
  /** null when it writes nothing. */
  writtenBy(input: I): string | null
  seenIn(input: I, output: O): readonly string[]
  /** Whether nobody can notice the operation but by seeing what it wrote. */
  isTraceless(input: I): boolean
}

/**
 * Ends a write of a value that no other operation writes at the first answer that shows the value; leaves it out when no answer
 * does, it has none itself, and it is traceless.
 */
export function closeAtFirstRead<I, O>(
  operations: readonly Operation<I, O>[],
  writing: Writing<I, O>,
): Operation<I, O>[] {
  const writers = new Map<string, number>()
  const firstSeenAt = new Map<string, number>()
  for (const { input, output, returnedAt } of operations) {
    const written = writing.writtenBy(input)
    if (written !== null) writers.set(written, (writers.get(written) ?? 0) + 1)
    for (const value of output === null ? [] : writing.seenIn(input, output)) {
      firstSeenAt.set(value, Math.min(returnedAt, firstSeenAt.get(value) ?? Infinity))
    }
  }
  return operations.flatMap((operation) => {
    const { input, output, calledAt, returnedAt } = operation
    const written = writing.writtenBy(input)
    if (written === null || writers.get(written) !== 1) return operation
    const seenAt = firstSeenAt.get(written)
    if (seenAt === undefined) return output === null && writing.isTraceless(input) ? [] : operation
    // Seen before it was called: no order can explain that, and the search says so.
    if (seenAt < calledAt) return operation
    return { ...operation, returnedAt: Math.min(returnedAt, seenAt) }
  })
}

/**
 * Ends an unanswered operation at the next answer its actor got, since nothing an actor asked takes effect after what it asked
 * later (L2). For actors that ask one thing at a time.
 */
export function closeAtNextAnswer<I, O>(operations: readonly Operation<I, O>[]): Operation<I, O>[] {
  const nextAnswerAt = new Map<string, number>()
  const closed: Operation<I, O>[] = []
  for (const operation of operations.toSorted((one, other) => other.calledAt - one.calledAt)) {
    const { actor, output, returnedAt } = operation
    if (output === null) {
      const next = nextAnswerAt.get(actor) ?? Infinity
      closed.push({ ...operation, returnedAt: Math.min(returnedAt, next) })
    } else {
      closed.push(operation)
      nextAnswerAt.set(actor, returnedAt)
    }
  }
  return closed.toReversed()
}
