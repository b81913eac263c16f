/**
 * Each semaphore by itself: is there an order of all calls in which every answer is right? Two models look at it, one at the
 * data, one at owners and waiters.
 *
 * Sessions that hold something here end only after they have given it back, so the models need not know of their ends.
 */
import {
  check,
  closeAtFirstRead,
  closeAtNextAnswer,
  explain,
  registerModel,
  registerWriting,
  semaphoreModel,
  semaphoreOperations,
} from '@tenure/checker'
import type {
  Operation,
  RegisterInput,
  RegisterOutput,
  SemaphoreAnswer,
  SemaphoreCall,
  Verdict,
} from '@tenure/checker'
import { byObject } from './history.ts'
import type { Observation } from './history.ts'

/** Of semaphores that nobody has created. */
export const EPHEMERAL_LIMIT: bigint = 2n ** 64n - 1n

type DataOperation = Operation<RegisterInput, RegisterOutput>
type PlaceOperation = Operation<SemaphoreCall, SemaphoreAnswer>

/** @returns one explanation for each semaphore that was no semaphore */
export function* judgeOrder(observations: readonly Observation[]): Iterable<string> {
  for (const [object, seen] of byObject(observations)) {
    const limit = limitOf(seen)
    if (limit !== null) {
      const data = closeAtNextAnswer(closeAtFirstRead(seen.flatMap(dataOf), registerWriting))
      yield* complaint(`the data of "${object}"`, check(registerModel, data))
    }
    if (seen.some(({ input }) => input.kind === 'acquire')) {
      const steps = semaphoreOperations(seen.flatMap(placesOf))
      const verdict = check(semaphoreModel(limit ?? EPHEMERAL_LIMIT), steps)
      yield* complaint(`the places of "${object}"`, verdict)
    }
  }
}

/** null for a semaphore that nobody has created: it belongs to those who hold it. */
export function limitOf(seen: readonly Observation[]): bigint | null {
  for (const { input } of seen) if (input.kind === 'create') return input.limit
  return null
}

function* complaint(what: string, verdict: Verdict): Iterable<string> {
  if (verdict.kind !== 'linearizable') yield `${what}: ${explain(verdict)}`
}

function dataOf({ input, output, ...when }: Observation): DataOperation[] {
  if (input.kind === 'acquire' || input.kind === 'release') return []
  return [{ ...when, input, output: registerOutputOf(output) }]
}

function registerOutputOf(output: Observation['output']): RegisterOutput | null {
  if (output?.kind === 'done' || output?.kind === 'refused') return output
  if (output?.kind !== 'described') return null
  const { seen } = output
  if (seen === null) return { kind: 'refused', code: 'NOT_FOUND' }
  return { kind: 'described', data: seen.data, limit: seen.limit }
}

function placesOf({ input, output, session, ...when }: Observation): PlaceOperation[] {
  if (input.kind === 'acquire') {
    const asked = { kind: 'acquire', session, count: input.count, timeoutMs: Infinity } as const
    return [{ ...when, input: asked, output: acquireAnswerOf(output) }]
  }
  if (input.kind === 'release') {
    const released = output === null ? null : ({ kind: 'released', released: null } as const)
    return [{ ...when, input: { kind: 'release', session }, output: released }]
  }
  if (output?.kind !== 'described') return []
  const { owners, waiters } = output.seen ?? { owners: [], waiters: [] }
  return [{ ...when, input: { kind: 'describe' }, output: { kind: 'described', owners, waiters } }]
}

function acquireAnswerOf(output: Observation['output']): SemaphoreAnswer | null {
  if (output?.kind === 'granted') return { kind: 'acquired', token: output.token }
  return output === null ? null : { kind: 'refused' }
}
