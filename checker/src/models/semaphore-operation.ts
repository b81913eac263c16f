/** What can happen to a semaphore's queue, and what can be told of it. */
import { saidSight, type Sight } from './holders.ts'

export type SemaphoreInput =
  /** Enters the queue, or changes the terms of one who is there; with `once` nobody waits. */
  | {
      readonly kind: 'enqueue'
      readonly session: bigint
      readonly count: bigint
      readonly once: boolean
    }
  /** An acquire that was in the queue is an owner at this instant. */
  | { readonly kind: 'granted'; readonly session: bigint }
  /** A waiter leaves: its time was over, or it was told to. */
  | { readonly kind: 'give-up'; readonly session: bigint }
  | { readonly kind: 'release'; readonly session: bigint }
  | { readonly kind: 'describe' }
  /** The session ends: what it owns and waits for is gone at once, and nothing it asked can follow. */
  | { readonly kind: 'expire'; readonly session: bigint }

export type SemaphoreOutput =
  /** An owner at once; a waiter; either of the two. The order id is null when it was not told. */
  | { readonly kind: 'granted' | 'queued' | 'entered'; readonly token: bigint | null }
  /** Asked once, and could not have it: it had no place in the queue; it may have had one, and has it no more. */
  | { readonly kind: 'missed' | 'not-acquired' }
  | { readonly kind: 'refused' }
  /** null when it was not told whether there was anything to release. */
  | { readonly kind: 'released'; readonly released: boolean | null }
  | ({ readonly kind: 'described' } & Sight)
  /** A grant, a giving up or an end that certainly was. */
  | { readonly kind: 'done'; readonly token: bigint | null }

/** The order id that an answer tells. */
export function tokenOf(output: SemaphoreOutput | null): bigint | null {
  return output !== null && 'token' in output ? output.token : null
}

export function saidInput(input: SemaphoreInput): string {
  if (input.kind === 'describe') return 'describe'
  if (input.kind !== 'enqueue') return `${input.kind} ${input.session}`
  return `enqueue ${input.session} count ${input.count}${input.once ? ' once' : ''}`
}

export function saidOutput(output: SemaphoreOutput): string {
  if (output.kind === 'described') return saidSight(output)
  if (output.kind === 'released') return `released ${output.released ?? 'or not'}`
  const token = tokenOf(output)
  return token === null ? output.kind : `${output.kind} #${token}`
}
