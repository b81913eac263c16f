/** Nobody holds more than there is; whoever is in line is where it belongs. */
import type { DescribeRecord, History, Place, Violation } from '../history.ts'
import { grouped } from '../grouped.ts'
import { SUCCESS } from '../status.ts'
import type { Stay } from './stays.ts'

/** What was certainly held at one time, of all sessions together, fits into the limit. */
export function judgeHoldings(stays: readonly Stay[]): Violation[] {
  const violations: Violation[] = []
  for (const [semaphore, all] of grouped(owning(stays), (stay) => stay.semaphore)) {
    const changes = all.flatMap((stay) => [
      { at: stay.from, by: stay.count, stay },
      { at: stay.to, by: -stay.count, stay },
    ])
    // What ends and what begins at one moment need not have been there together.
    changes.sort((a, b) => a.at - b.at || Number(a.by - b.by))
    let held = 0n
    for (const { at, by, stay } of changes) {
      held += by
      if (held <= stay.limit) continue
      const what = `${held} of ${stay.limit} of ${semaphore} were held for certain`
      violations.push({ id: 'X1', at, what, about: [semaphore] })
      break
    }
  }
  return violations
}

function owning(stays: readonly Stay[]): Stay[] {
  return stays.filter(({ kind, from, to }) => kind === 'owning' && from < to)
}

/** Each description by itself is a state that may be. */
export function judgeDescriptions(history: History): Violation[] {
  return history.describes
    .filter(({ status }) => status === SUCCESS)
    .flatMap((describe) =>
      [...faultsOf(describe)].map(([id, what]) => ({
        id,
        at: describe.returnedAt,
        what: `${describe.semaphore} was described with ${what}`,
        about: [describe.semaphore],
      })),
    )
}

function* faultsOf(describe: DescribeRecord): Iterable<[id: string, what: string]> {
  const { owners, waiters, limit, count, grantedOrder } = describe
  const held = sum(owners)
  if (held !== count) yield ['X1', `count ${count}, but its owners hold ${held}`]
  if (held > limit) yield ['X1', `${held} held of ${limit}`]
  const all = [...owners, ...waiters]
  if (new Set(all.map(({ sessionId }) => sessionId)).size !== all.length) {
    yield ['X4', `one session in two places: ${show(all)}`]
  }
  const [first] = waiters
  if (first === undefined) return
  if (limit - held >= first.count) yield ['X3', `room for its first waiter: ${show(all)}`]
  if (!rises(waiters)) yield ['X3', `waiters out of order: ${show(waiters)}`]
  if (owners.some(({ orderId }) => orderId > first.orderId)) {
    yield ['X3', `an owner that overtook the first waiter: ${show(all)}`]
  }
  if (grantedOrder > first.orderId) {
    yield ['X3', `waiter ${first.orderId}, after ${grantedOrder} had been granted`]
  }
}

function sum(places: readonly Place[]): bigint {
  return places.reduce((total, { count }) => total + count, 0n)
}

function rises(places: readonly Place[]): boolean {
  return places.every(({ orderId }, at) => at === 0 || orderId > (places[at - 1]?.orderId ?? 0n))
}

function show(places: readonly Place[]): string {
  return places
    .map(({ sessionId, count, orderId }) => `session ${sessionId} ${count} @${orderId}`)
    .join(', ')
}

/** What a session certainly is, every description in that time shows. */
export function judgeSight(history: History, stays: readonly Stay[]): Violation[] {
  const violations: Violation[] = []
  const describes = grouped(history.describes, ({ semaphore }) => semaphore)
  for (const stay of stays) {
    for (const describe of describes.get(stay.semaphore) ?? []) {
      if (describe.sentAt < stay.from || describe.returnedAt > stay.to) continue
      const what = wrongSight(stay, describe)
      if (what === null) continue
      const whole = `session ${stay.session.id} was ${stay.kind} at ${stay.semaphore}, but ${what}`
      const about = [stay.semaphore]
      violations.push({
        id: stay.kind === 'absent' ? 'X5' : 'L1',
        at: describe.returnedAt,
        what: whole,
        about,
      })
    }
  }
  return violations
}

function wrongSight(stay: Stay, { owners, waiters }: DescribeRecord): string | null {
  const isIt = ({ sessionId }: Place): boolean => sessionId === stay.session.id
  const owner = owners.find(isIt)
  const place = owner ?? waiters.find(isIt)
  if (stay.kind === 'absent') return place === undefined ? null : 'it was described'
  if (place === undefined) return 'it was not described'
  if (stay.orderId !== null && place.orderId !== stay.orderId) {
    return `its token was ${place.orderId} instead of ${stay.orderId}`
  }
  if (stay.kind === 'waiting') return null
  if (owner === undefined) return 'it was described as a waiter'
  if (stay.isSettled ? owner.count === stay.count : owner.count >= stay.count) return null
  return `it held ${owner.count} instead of ${stay.count}`
}
