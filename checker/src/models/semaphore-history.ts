/**
 * From what clients saw of a semaphore to the operations of its model: an acquire that may wait is two of them.
 *
 * Both parts of an acquire lie between its call and its answer; the state decides that the second comes after the first.
 */
import type { Operation } from '../history.ts'
import type { Sight } from './holders.ts'
import type { SemaphoreInput, SemaphoreOutput } from './semaphore-operation.ts'
import { narrowed } from './semaphore-evidence.ts'

export type SemaphoreCall =
  /** `timeoutMs` 0 asks once; Infinity waits for ever. */
  | {
      readonly kind: 'acquire'
      readonly session: bigint
      readonly count: bigint
      readonly timeoutMs: number
    }
  | { readonly kind: 'release'; readonly session: bigint }
  | { readonly kind: 'describe' }
  /** The session is closed, or can be gone from this time on, since nobody keeps it alive. Needed for each session that may end. */
  | { readonly kind: 'end'; readonly session: bigint }

export type SemaphoreAnswer =
  | { readonly kind: 'acquired'; readonly token: bigint | null }
  | { readonly kind: 'not-acquired' }
  /** The server refused the acquire, and nothing changed. */
  | { readonly kind: 'refused' }
  /** The acquire waited, and another request of its session ended the waiting. */
  | { readonly kind: 'aborted' }
  /** The caller gave the acquire up: it may have been in the queue, or even granted, and was given back at some time. */
  | { readonly kind: 'abandoned' }
  /** null when it was not told whether there was anything to release. */
  | { readonly kind: 'released'; readonly released: boolean | null }
  | ({ readonly kind: 'described' } & Sight)
  /** It is known that the session is gone. */
  | { readonly kind: 'ended' }

type Seen = Operation<SemaphoreCall, SemaphoreAnswer>
type Step = Operation<SemaphoreInput, SemaphoreOutput>

/**
 * The operations for `semaphoreModel`, of what was recorded at clients of one semaphore. Their times are those of the calls and
 * answers, narrowed by what the order ids tell.
 *
 * @throws TypeError when an answer does not belong to its call
 */
export function semaphoreOperations(history: readonly Seen[]): Step[] {
  return narrowed(withMisses(history.flatMap(stepsOf)))
}

/** Who asked once and could not have it had no place to lose, unless another acquire of the session was open. */
function withMisses(steps: readonly Step[]): Step[] {
  const entries = new Map<bigint, Step[]>()
  for (const step of steps) {
    if (step.input.kind !== 'enqueue') continue
    const { session } = step.input
    const known = entries.get(session)
    if (known === undefined) entries.set(session, [step])
    else known.push(step)
  }
  return steps.map((step) => {
    const { input, output, calledAt, returnedAt } = step
    if (input.kind !== 'enqueue' || output?.kind !== 'not-acquired') return step
    const isAlone = entries
      .get(input.session)
      ?.every(
        (other) => other === step || other.returnedAt < calledAt || other.calledAt > returnedAt,
      )
    return isAlone === true ? { ...step, output: { kind: 'missed' } } : step
  })
}

function stepsOf(seen: Seen): Step[] {
  const { actor, input, output, calledAt, returnedAt } = seen
  const when = { actor, calledAt, returnedAt }
  switch (input.kind) {
    case 'acquire':
      return acquire(seen)
    case 'describe':
      if (output === null) return []
      if (output.kind === 'described') return [{ ...when, input, output }]
      break
    case 'release':
      if (output === null || output.kind === 'released') return [{ ...when, input, output }]
      break
    case 'end': {
      const expire: Step['input'] = { kind: 'expire', session: input.session }
      if (output === null) return [{ ...when, input: expire, output }]
      if (output.kind === 'ended') {
        return [{ ...when, input: expire, output: { kind: 'done', token: null } }]
      }
    }
  }
  throw new TypeError(`${actor}: ${input.kind} was answered by ${output?.kind}`)
}

function acquire({ actor, input, output, calledAt, returnedAt }: Seen): Step[] {
  if (input.kind !== 'acquire') return []
  const { session, count, timeoutMs } = input
  const once = timeoutMs === 0
  const enqueue: Step['input'] = { kind: 'enqueue', session, count, once }
  const giveUp: Step['input'] = { kind: 'give-up', session }
  const when = { actor, calledAt, returnedAt }
  const whenever = { actor, calledAt, returnedAt: Infinity, output: null }
  if (output === null) {
    const entered = { ...when, input: enqueue, output }
    return once || timeoutMs === Infinity ? [entered] : [entered, { ...whenever, input: giveUp }]
  }
  const entered = { ...when, input: enqueue, output: enteredBy(output, once) }
  if (output.kind === 'abandoned') {
    return [
      { ...whenever, input: enqueue },
      { ...whenever, input: { kind: 'release', session } },
    ]
  }
  if (once || output.kind === 'refused' || output.kind === 'aborted') return [entered]
  if (output.kind === 'not-acquired') {
    return [entered, { ...when, input: giveUp, output: { kind: 'done', token: null } }]
  }
  const token = output.kind === 'acquired' ? output.token : null
  return [
    entered,
    { ...when, input: { kind: 'granted', session }, output: { kind: 'done', token } },
  ]
}

/** What the first part of an acquire came to, by the answer to the whole. */
function enteredBy(answer: SemaphoreAnswer, once: boolean): SemaphoreOutput {
  switch (answer.kind) {
    case 'acquired':
      return { kind: once ? 'granted' : 'entered', token: answer.token }
    case 'not-acquired':
      return once ? { kind: 'not-acquired' } : { kind: 'queued', token: null }
    case 'aborted':
    case 'abandoned':
      return { kind: 'queued', token: null }
    case 'refused':
      return { kind: 'refused' }
    case 'released':
    case 'described':
    case 'ended':
    default:
      throw new TypeError(`an acquire was answered by ${answer.kind}`)
  }
}
