/** Whoever watches is told of a change, of nothing else, and sees it when he looks. */
import type { DescribeRecord, History, Violation, WriteRecord } from '../history.ts'
import { SUCCESS } from '../status.ts'
import { isQuiet } from './life.ts'

/** In which a change must have been told. */
const TOLD_MS = 1_000

/** @param registers names of the semaphores whose data change by writes alone, and that nobody acquires */
export function judgeWatches(history: History, registers: readonly string[]): Violation[] {
  const violations: Violation[] = []
  for (const register of registers) {
    const writes = history.writes.filter(({ semaphore }) => semaphore === register)
    const describes = history.describes.filter(({ semaphore }) => semaphore === register)
    for (const watch of describes) {
      if (!watch.watchAdded) continue
      const wrongs = [...missed(watch, writes, history), ...causeless(watch, writes)]
      wrongs.push(...stale(watch, describes))
      for (const [id, at, what] of wrongs) {
        const whole = `${watch.session.actor} watched ${register}: ${what}`
        violations.push({ id, at, what: whole, about: [register] })
      }
    }
  }
  return violations
}

type Wrong = readonly [id: string, at: number, what: string]

/** A change that was begun after the watch was confirmed, and was not told. */
function* missed(
  watch: DescribeRecord,
  writes: readonly WriteRecord[],
  { faults }: History,
): Iterable<Wrong> {
  const overAt = Math.min(watch.changedAt, watch.deafAt)
  for (const write of writes) {
    if (write.status !== SUCCESS || write.sentAt < watch.returnedAt) continue
    if (write.kind === 'update' && !watch.watches.data) continue
    const dueAt = write.returnedAt + TOLD_MS
    // What the server answered on the same stream behind the change must have come behind the notification, too.
    const isPassed = watch.silentUntil > write.returnedAt
    const isOverdue = overAt > dueAt && isQuiet(faults, write.sentAt, dueAt)
    if (!isPassed && !isOverdue) continue
    yield ['W1', dueAt, `nothing told of ${write.kind} ${write.value}`]
    return
  }
}

/** A change that was told, though nobody can have made one. */
function* causeless(watch: DescribeRecord, writes: readonly WriteRecord[]): Iterable<Wrong> {
  if (watch.changedAt === Infinity) return
  const isCaused = writes.some(
    ({ sentAt, returnedAt }) => sentAt < watch.changedAt && returnedAt > watch.sentAt,
  )
  if (!isCaused) yield ['W1', watch.changedAt, 'told of a change that nobody made']
}

/** Data that were said to have changed, and that are seen again by one who asks after that. */
function* stale(watch: DescribeRecord, describes: readonly DescribeRecord[]): Iterable<Wrong> {
  if (watch.changed?.data !== true) return
  for (const later of describes) {
    if (later.sentAt <= watch.changedAt || later.status !== SUCCESS) continue
    if (later.data === watch.data) {
      yield ['W2', later.returnedAt, `${watch.data} is seen again after its change was told`]
      return
    }
  }
}
