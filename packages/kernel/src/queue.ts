/**
 * The queue of each semaphore: strictly first come, first served.
 *
 * The first waiter is granted as soon as its count fits; while it does not, nobody behind it is, however small.
 */
import { holderKey, semaphoreKey } from './rows/keys.ts'
import { encodeHolder } from './rows/holder-row.ts'
import type { Holder } from './holder.ts'
import { invariant } from './invariant.ts'
import type { Root } from './root.ts'
import type { Semaphore } from './semaphore.ts'

export class Queues {
  readonly #root: Root
  #owners = 0
  #waiters = 0

  constructor(root: Root) {
    this.#root = root
  }

  get owners(): number {
    return this.#owners
  }

  get waiters(): number {
    return this.#waiters
  }

  get size(): number {
    return this.#owners + this.#waiters
  }

  /** To the end of the queue. Nothing is kept until it is granted or `wait` is called. */
  enter(holder: Holder): void {
    const { session, semaphore } = holder
    session.holders ??= new Map()
    session.holders.set(semaphore, holder)
    semaphore.waiters.append(holder)
    holder.sinceMs = this.#root.turn.nowMs
    this.#waiters += 1
  }

  /** Keeps a waiter as it is, and lets its time begin. */
  wait(holder: Holder): void {
    this.keep(holder)
    this.startTimer(holder)
  }

  startTimer(holder: Holder): void {
    const { deadlines, limits, turn } = this.#root
    const timeoutMs = Number(holder.timeoutMs)
    if (timeoutMs > limits.acquireTimeoutMaxMs) deadlines.cancel(holder)
    else deadlines.set(holder, turn.nowMs + timeoutMs)
  }

  /** Grants from the front of the queue whatever fits, each with its own result. Returns whether any was granted. */
  grant(semaphore: Semaphore): boolean {
    let granted = false
    for (
      let first = semaphore.waiters.first;
      first !== null && first.count <= semaphore.free;
      first = semaphore.waiters.first
    ) {
      this.#root.deadlines.cancel(first)
      this.own(first)
      this.keep(first)
      this.sayAcquired(first)
      granted = true
    }
    return granted
  }

  /** Makes the first waiter an owner. */
  own(first: Holder): void {
    const { semaphore } = first
    semaphore.waiters.remove(first)
    semaphore.owners.append(first)
    semaphore.held += first.count
    first.owns = true
    first.timeoutMs = 0n
    first.sinceMs = this.#root.turn.nowMs
    first.isAtLeast = false
    this.#waiters -= 1
    this.#owners += 1
    invariant(semaphore.held <= semaphore.limit, 'I-2', semaphore.held, semaphore.limit)
  }

  /** Takes an owner or waiter out, and its row with it. */
  leave(holder: Holder): void {
    const { semaphore, session } = holder
    this.forget(holder)
    session.holders?.delete(semaphore)
    // The last one's row goes after the data, so that an ephemeral semaphore's data are never without anybody.
    if (semaphore.ephemeral && semaphore.isUnused && semaphore.hasRow) {
      this.#root.turn.delete(semaphoreKey(semaphore.name, semaphore.nameBytes))
    }
    this.#root.turn.delete(holderKey(semaphore.name, semaphore.nameBytes, session.id))
  }

  /** Takes an owner or waiter out of its semaphore; its session and its row are the caller's. */
  forget(holder: Holder): void {
    const { semaphore } = holder
    if (holder.owns) {
      semaphore.owners.remove(holder)
      semaphore.held -= holder.count
      this.#owners -= 1
    } else {
      this.#root.deadlines.cancel(holder)
      semaphore.waiters.remove(holder)
      this.#waiters -= 1
    }
  }

  keep(holder: Holder): void {
    const { semaphore, session } = holder
    const key = holderKey(semaphore.name, semaphore.nameBytes, session.id)
    this.#root.turn.put(key, encodeHolder(holder))
  }

  sayAcquired(holder: Holder): void {
    const { asker: stream, requestId, orderId } = holder
    if (stream !== null) this.#root.turn.say({ kind: 'acquired', stream, requestId, orderId })
  }

  sayNotAcquired(holder: Holder): void {
    const { asker: stream, requestId } = holder
    if (stream !== null) this.#root.turn.say({ kind: 'not-acquired', stream, requestId })
  }

  /** The request a waiter stood for will not be granted. */
  abort(holder: Holder, message: string): void {
    const { asker: stream, requestId } = holder
    if (stream !== null) this.#root.turn.refuse({ stream, requestId }, 'ABORTED', message)
  }

  clear(): void {
    this.#owners = 0
    this.#waiters = 0
  }
}
