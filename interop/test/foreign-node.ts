/**
 * One coordination node as a server of others keeps it: only what YDB's protocol promises, and where it promises nothing, the
 * least convenient thing. Owners come in no useful order, and grants carry no token.
 */
import type { SessionRequest } from '@ydbjs/api/coordination'
import { StatusIds_StatusCode as Status } from '@ydbjs/api/operation'
import type { Answered } from './foreign-server.ts'

type Ask<C extends string> = Extract<SessionRequest['request'], { case: C }>['value']

interface Holder {
  readonly sessionId: bigint
  readonly orderId: bigint
  readonly count: bigint
  readonly data: Uint8Array
  readonly reqId: bigint
}

interface Watch {
  readonly reqId: bigint
  readonly data: boolean
  readonly owners: boolean
}

interface Semaphore {
  readonly limit: bigint
  readonly ephemeral: boolean
  data: Uint8Array
  owners: Holder[]
  waiters: Holder[]
  readonly watches: Map<bigint, Watch>
}

/** To one session. */
export type Tell = (sessionId: bigint, message: Answered) => void

const EVERYTHING = 2n ** 64n - 1n
const NOTHING = new Uint8Array()

export class ForeignNode {
  readonly #semaphores = new Map<string, Semaphore>()
  readonly #tell: Tell
  #lastOrder = 0n

  constructor(tell: Tell) {
    this.#tell = tell
  }

  create(sessionId: bigint, { reqId, name, limit, data }: Ask<'createSemaphore'>): void {
    const isThere = this.#semaphores.has(name)
    if (!isThere) this.#add(name, { limit, data, ephemeral: false })
    const status = isThere ? Status.ALREADY_EXISTS : Status.SUCCESS
    this.#tell(sessionId, { case: 'createSemaphoreResult', value: { reqId, status } })
  }

  update(sessionId: bigint, { reqId, name, data }: Ask<'updateSemaphore'>): void {
    const semaphore = this.#semaphores.get(name)
    const status = semaphore === undefined ? Status.NOT_FOUND : Status.SUCCESS
    this.#tell(sessionId, { case: 'updateSemaphoreResult', value: { reqId, status } })
    if (semaphore === undefined) return
    semaphore.data = data
    this.#changed(semaphore, { dataChanged: true, ownersChanged: false })
  }

  acquire(sessionId: bigint, ask: Ask<'acquireSemaphore'>): void {
    const { reqId, name, count, ephemeral, timeoutMillis, data } = ask
    if (ephemeral && !this.#semaphores.has(name)) {
      this.#add(name, { limit: EVERYTHING, data: NOTHING, ephemeral })
    }
    const semaphore = this.#semaphores.get(name)
    if (semaphore === undefined) return this.#grant(sessionId, reqId, Status.NOT_FOUND)
    const owned = semaphore.owners.findIndex((owner) => owner.sessionId === sessionId)
    const owner = semaphore.owners[owned]
    if (owner !== undefined) {
      semaphore.owners[owned] = { ...owner, count, data }
      this.#grant(sessionId, reqId, Status.SUCCESS, true)
      return this.#serve(semaphore, Buffer.compare(owner.data, data) !== 0 || owner.count !== count)
    }
    const fits = semaphore.waiters.length === 0 && count <= semaphore.limit - held(semaphore)
    if (!fits && timeoutMillis === 0n) return this.#grant(sessionId, reqId, Status.SUCCESS, false)
    const before = semaphore.waiters.findIndex((waiter) => waiter.sessionId === sessionId)
    const superseded = semaphore.waiters[before]
    if (superseded !== undefined) this.#grant(sessionId, superseded.reqId, Status.ABORTED)
    this.#lastOrder += superseded === undefined ? 1n : 0n
    const orderId = superseded?.orderId ?? this.#lastOrder
    const waiter = { sessionId, orderId, count, data, reqId }
    if (superseded === undefined) semaphore.waiters.push(waiter)
    else semaphore.waiters[before] = waiter
    if (!fits) this.#tell(sessionId, { case: 'acquireSemaphorePending', value: { reqId } })
    this.#serve(semaphore, false)
  }

  release(sessionId: bigint, { reqId, name }: Ask<'releaseSemaphore'>): void {
    const semaphore = this.#semaphores.get(name)
    const hadPlace = semaphore !== undefined && isIn(semaphore, sessionId)
    const value = { reqId, status: Status.SUCCESS, released: hadPlace }
    this.#tell(sessionId, { case: 'releaseSemaphoreResult', value })
    if (hadPlace) this.#remove(name, semaphore, sessionId)
  }

  describe(sessionId: bigint, ask: Ask<'describeSemaphore'>): void {
    const { reqId, name, watchData, watchOwners, includeOwners, includeWaiters } = ask
    const semaphore = this.#semaphores.get(name)
    if (semaphore === undefined) {
      const value = { reqId, status: Status.NOT_FOUND }
      return this.#tell(sessionId, { case: 'describeSemaphoreResult', value })
    }
    const watchAdded = watchData || watchOwners
    if (watchAdded)
      semaphore.watches.set(sessionId, { reqId, data: watchData, owners: watchOwners })
    const semaphoreDescription = {
      name,
      data: semaphore.data,
      limit: semaphore.limit,
      count: held(semaphore),
      ephemeral: semaphore.ephemeral,
      owners: includeOwners ? semaphore.owners.map(shown) : [],
      waiters: includeWaiters ? semaphore.waiters.map(shown) : [],
    }
    const value = { reqId, status: Status.SUCCESS, semaphoreDescription, watchAdded }
    this.#tell(sessionId, { case: 'describeSemaphoreResult', value })
  }

  /** The session is no more. */
  forget(sessionId: bigint): void {
    for (const [name, semaphore] of this.#semaphores) {
      semaphore.watches.delete(sessionId)
      if (isIn(semaphore, sessionId)) this.#remove(name, semaphore, sessionId)
    }
  }

  /** The session's stream is another one. */
  forgetWatches(sessionId: bigint): void {
    for (const semaphore of this.#semaphores.values()) semaphore.watches.delete(sessionId)
  }

  #add(name: string, settings: Pick<Semaphore, 'limit' | 'data' | 'ephemeral'>): void {
    this.#semaphores.set(name, { ...settings, owners: [], waiters: [], watches: new Map() })
  }

  #grant(sessionId: bigint, reqId: bigint, status: Status, acquired: boolean = false): void {
    this.#tell(sessionId, { case: 'acquireSemaphoreResult', value: { reqId, status, acquired } })
  }

  #remove(name: string, semaphore: Semaphore, sessionId: bigint): void {
    const others = ({ sessionId: other }: Holder): boolean => other !== sessionId
    const wasOwner = !semaphore.owners.every(others)
    semaphore.owners = semaphore.owners.filter(others)
    semaphore.waiters = semaphore.waiters.filter(others)
    this.#serve(semaphore, wasOwner)
    if (semaphore.ephemeral && semaphore.owners.length + semaphore.waiters.length === 0) {
      this.#semaphores.delete(name)
      this.#changed(semaphore, { dataChanged: true, ownersChanged: true })
    }
  }

  /** Grants what fits; the newest owner comes first in the list. */
  #serve(semaphore: Semaphore, ownersChanged: boolean): void {
    let hasChanged = ownersChanged
    for (;;) {
      const [first] = semaphore.waiters
      if (first === undefined || first.count > semaphore.limit - held(semaphore)) break
      semaphore.waiters.shift()
      semaphore.owners.unshift(first)
      this.#grant(first.sessionId, first.reqId, Status.SUCCESS, true)
      hasChanged = true
    }
    if (hasChanged) this.#changed(semaphore, { dataChanged: false, ownersChanged: true })
  }

  #changed(
    semaphore: Semaphore,
    change: { readonly dataChanged: boolean; readonly ownersChanged: boolean },
  ): void {
    for (const [sessionId, { reqId, data, owners }] of semaphore.watches) {
      if (!(data && change.dataChanged) && !(owners && change.ownersChanged)) continue
      semaphore.watches.delete(sessionId)
      this.#tell(sessionId, { case: 'describeSemaphoreChanged', value: { reqId, ...change } })
    }
  }
}

function isIn({ owners, waiters }: Semaphore, sessionId: bigint): boolean {
  return [...owners, ...waiters].some((holder) => holder.sessionId === sessionId)
}

function held({ owners }: Semaphore): bigint {
  return owners.reduce((sum, { count }) => sum + count, 0n)
}

function shown({ sessionId, orderId, count, data }: Holder) {
  return { sessionId, orderId, count, data }
}
