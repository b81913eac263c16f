/**
 * A node that goes on elsewhere from a cut of its rows: a new incarnation.
 *
 * The old one may have gone on after the cut, and the same cut may have been the beginning of other incarnations before. So every number that
 * is given out once and never again jumps: to where it would be if 2^21 of them had been given out each second since 2026, which no node
 * comes near to; and should the clock of whoever moves the node be wrong, then at least past 2^35 more. That holds for session ids, order ids (fencing tokens)
 * and commits (versions of records, ids of leases and tasks); for the hand-outs of a task with one each second and 2^14; for epochs with 2^20 and 2^34.
 *
 * An incarnation is the second of its birth, counted from 2026. A node that is made anew begins where its incarnation does, since the old
 * one may have made a node of that name after the cut; its epoch says when that was. No counter passes 2^53, so all of them stay whole as
 * numbers of JavaScript and of JSON.
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

/** How many there are to a second. */
const COUNTER_BITS = 21n
const EPOCH_BITS = 20n
/** So many seconds an incarnation is younger than the one that it comes from, whatever the clock says. */
const STEP_SECONDS = 1n << 14n
/** In the year 2094; half of all numbers are still left then. */
export const INCARNATION_MAX: bigint = 1n << 31n
const ATTEMPT_MAX = 0xffff_ffff
/** The first second of 2026, since 1970. */
const BEGINNING_SECOND = 1_767_225_600n

/**
 * The incarnation that comes after this one; 0 is that of a store that was never moved.
 *
 * @param wallMs since 1970; adds to what is safe, and takes nothing from it when it is wrong
 * @returns null when there is none: it has been moved as often as can be
 */
export function nextIncarnation(incarnation: bigint, wallMs: number): bigint | null {
  const second = BigInt(Math.floor(wallMs / 1_000)) - BEGINNING_SECOND
  const next = incarnation + STEP_SECONDS
  if (next > INCARNATION_MAX) return null
  return second > next && second <= INCARNATION_MAX ? second : next
}

/** Epochs of new partitions are above this one. */
export function epochsAbove(incarnation: bigint): bigint {
  return incarnation << EPOCH_BITS
}

/** The same of a partition that had this epoch in the incarnation before. */
export function nextEpochsAbove(epoch: bigint, incarnation: bigint): bigint {
  return later(epoch, incarnation, EPOCH_BITS)
}

/** So many of each count as given out by a node without counters, when its partition has this epoch. */
export function countersBefore(epoch: bigint): bigint {
  return (epoch >> EPOCH_BITS) << COUNTER_BITS
}

/**
 * What an entry of a node is in a later incarnation. Every entry of the cut has to go through here; none comes or goes.
 *
 * @throws InvariantError when it cannot be understood, or a number has come to its end
 */
export function inIncarnation([key, value]: Entry, incarnation: bigint): Entry {
  const tag = key[0]
  if (tag === COUNTERS_TAG) return [key, movedCounters(value, incarnation)]
  if (tag === ACTIVE_TASK_TAG) {
    const task = decodeActiveTask(value)
    const attempt = movedAttempt(task.attempt, incarnation)
    return [key, encodeActiveTask(task.theme, { ...task, attempt })]
  }
  if (tag === STORED_TASK_TAG || tag === DEAD_TASK_TAG) {
    const task = decodeKeptTask(value)
    return [key, encodeKeptTask({ ...task, attempt: movedAttempt(task.attempt, incarnation) })]
  }
  return [key, value]
}

function movedCounters(value: Uint8Array, incarnation: bigint): Uint8Array {
  const { nextSession, nextOrder, lastCommit } = decodeCounters(value)
  return encodeCounters({
    nextSession: movedCounter(nextSession, incarnation),
    nextOrder: movedCounter(nextOrder, incarnation),
    lastCommit: movedCounter(lastCommit, incarnation),
  })
}

function movedCounter(counter: bigint, incarnation: bigint): bigint {
  const moved = later(counter, incarnation, COUNTER_BITS)
  invariant(moved <= BigInt(Number.MAX_SAFE_INTEGER), 'I-25', 'counter', counter)
  return moved
}

function movedAttempt(attempt: number, incarnation: bigint): number {
  const moved = Number(later(BigInt(attempt), incarnation, 0n))
  invariant(moved <= ATTEMPT_MAX, 'I-25', 'attempt', attempt)
  return moved
}

/** Where the number is at the birth of the incarnation. */
function later(number: bigint, incarnation: bigint, bits: bigint): bigint {
  const [stepped, born] = [number + (STEP_SECONDS << bits), incarnation << bits]
  return stepped > born ? stepped : born
}
