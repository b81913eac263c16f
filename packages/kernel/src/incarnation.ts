/**
 * A node that goes on elsewhere from a cut of its rows: a new incarnation.
 *
 * The old one may have gone on after the cut, so every number that is given out once and never again jumps past all that it can have
 * given out. Each incarnation has a span of its own, wide enough that no node ever gets to its end: of 2^42 session ids, order ids
 * (fencing tokens) and commits (versions of records, ids of leases and tasks), 139 years of a thousand a second; of 2^20 hand-outs of one task; of 2^32 epochs.
 * No counter passes 2^53 in any incarnation there can be, so all of them stay whole as numbers of JavaScript and of JSON.
 *
 * A node that is made anew begins where its incarnation does, since the old one may have made a node of that name after the cut.
 */
import { invariant } from './invariant.ts'
import { decodeCounters, encodeCounters } from './rows/counters-row.ts'
import { ACTIVE_TASK_TAG, COUNTERS_TAG, DEAD_TASK_TAG, STORED_TASK_TAG } from './rows/keys.ts'
import {
  decodeActiveTask,
  decodeKeptTask,
  encodeActiveTask,
  encodeKeptTask,
} from './rows/task-rows.ts'
import type { Entry } from './write-set.ts'

const EPOCH_BITS = 32n
const COUNTER_BITS = 42n
const ATTEMPTS_SPAN = 2 ** 20
const ATTEMPT_MAX = 0xffff_ffff

/** A store is moved at most so often. */
export const INCARNATIONS_MAX = 2047n

/** Epochs of partitions are above this one in the incarnation; 0 is the first one. */
export function epochsAbove(incarnation: bigint): bigint {
  return incarnation << EPOCH_BITS
}

/** Above all epochs that a partition can get in its incarnation, when it had this one. */
export function nextEpochsAbove(epoch: bigint): bigint {
  return epoch + (1n << EPOCH_BITS)
}

/** How much the counters of a new node have passed when a partition has this epoch. */
export function countersBefore(epoch: bigint): bigint {
  return (epoch >> EPOCH_BITS) << COUNTER_BITS
}

/**
 * What an entry of a node is in the next incarnation. Every entry of the cut has to go through here; none comes or goes.
 *
 * @throws InvariantError when it cannot be understood, or there is no next incarnation
 */
export function nextIncarnationOf(entry: Entry): Entry {
  const [key, value] = entry
  const tag = key[0]
  if (tag === COUNTERS_TAG) return [key, nextCounters(value)]
  if (tag === ACTIVE_TASK_TAG) {
    const task = decodeActiveTask(value)
    return [key, encodeActiveTask(task.theme, { ...task, attempt: nextAttempt(task.attempt) })]
  }
  if (tag === STORED_TASK_TAG || tag === DEAD_TASK_TAG) {
    const task = decodeKeptTask(value)
    return [key, encodeKeptTask({ ...task, attempt: nextAttempt(task.attempt) })]
  }
  return entry
}

function nextCounters(value: Uint8Array): Uint8Array {
  const { nextSession, nextOrder, lastCommit } = decodeCounters(value)
  return encodeCounters({
    nextSession: nextCounter(nextSession),
    nextOrder: nextCounter(nextOrder),
    lastCommit: nextCounter(lastCommit),
  })
}

function nextCounter(counter: bigint): bigint {
  const next = counter + (1n << COUNTER_BITS)
  invariant(next <= BigInt(Number.MAX_SAFE_INTEGER), 'I-25', 'counter', counter)
  return next
}

function nextAttempt(attempt: number): number {
  const next = attempt + ATTEMPTS_SPAN
  invariant(next <= ATTEMPT_MAX, 'I-25', 'attempt', attempt)
  return next
}
