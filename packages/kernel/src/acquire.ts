/**
 * Taking units of a semaphore and giving them back, by the decision list of the protocol: first match wins.
 */
import { NO_BYTES, bytesEqual } from './bytes.ts'
import { MAX_U64 } from './command.ts'
import type { Acquire, Release } from './command.ts'
import { Holder } from './holder.ts'
import type { Queues } from './queue.ts'
import type { Root } from './root.ts'
import { problemOfLimit, quoted } from './semaphore.ts'
import type { Semaphore, Semaphores } from './semaphore.ts'
import type { Session } from './session.ts'
import { ALL_CHANGED } from './watch.ts'
import type { Watches } from './watches.ts'

export class Acquiring {
  readonly #root: Root
  readonly #semaphores: Semaphores
  readonly #queues: Queues
  readonly #watches: Watches

  constructor(root: Root, machines: { semaphores: Semaphores; queues: Queues; watches: Watches }) {
    this.#root = root
    this.#semaphores = machines.semaphores
    this.#queues = machines.queues
    this.#watches = machines.watches
  }

  acquire(session: Session, command: Acquire): void {
    const { turn } = this.#root
    const problem = this.#problemOf(command)
    if (problem !== null) return turn.refuse(command, 'INVALID_ARGUMENT', problem)
    const semaphore = this.#semaphores.find(command.name)
    if (semaphore === undefined) return this.#acquireAbsent(session, command)
    if (this.#refuseLimit(semaphore, command)) return
    if (semaphore.ephemeral !== command.ephemeral) {
      const kind = semaphore.ephemeral ? 'ephemeral' : 'persistent'
      return turn.refuse(command, 'PRECONDITION_FAILED', `${quoted(command.name)} is ${kind}`)
    }
    if (command.count > semaphore.limit) {
      const message = `${quoted(command.name)} has limit ${semaphore.limit}, asked for ${command.count}`
      return turn.refuse(command, 'INVALID_ARGUMENT', message)
    }
    const holder = session.holders?.get(semaphore)
    if (holder === undefined) return this.#enter(session, semaphore, command)
    if (command.count > holder.count) {
      return turn.refuse(command, 'INVALID_ARGUMENT', 'Increasing count is not allowed')
    }
    if (holder.owns) this.#reacquireOwned(holder, command)
    else this.#supersede(holder, command)
  }

  release(session: Session, command: Release): void {
    const { turn } = this.#root
    const { stream, requestId } = command
    const semaphore = this.#semaphores.find(command.name)
    if (semaphore === undefined && this.#semaphores.refuseMalformed(command)) return
    const holder = semaphore && session.holders?.get(semaphore)
    if (semaphore === undefined || holder === undefined) {
      turn.say({ kind: 'released', stream, requestId, released: false })
      return
    }
    if (!holder.owns) this.#queues.abort(holder, 'released')
    this.#queues.leave(holder)
    turn.say({ kind: 'released', stream, requestId, released: true })
    this.#semaphores.settle(semaphore, holder.owns)
  }

  /** A waiter's time is over. */
  giveUp(holder: Holder): void {
    this.#queues.leave(holder)
    this.#queues.sayNotAcquired(holder)
    this.#semaphores.settle(holder.semaphore, false)
  }

  /** The session ends: everything it owns and waits for is free, in the order of its order ids. */
  freeAll(session: Session): void {
    if (session.holders === null) return
    for (const holder of session.holders.values()) {
      this.#queues.leave(holder)
      this.#semaphores.settle(holder.semaphore, holder.owns)
    }
  }

  #problemOf(command: Acquire): string | null {
    const { count, timeoutMs, data } = command
    const { acquireTimeoutMaxMs } = this.#root.limits
    if (count < 1n || count > MAX_U64) return `the count must be from 1 to 2^64-1, got ${count}`
    if (timeoutMs < 0n || (timeoutMs > BigInt(acquireTimeoutMaxMs) && timeoutMs !== MAX_U64)) {
      return `the timeout must be from 0 to ${acquireTimeoutMaxMs} ms, or 2^64-1 for ever, got ${timeoutMs}`
    }
    return this.#semaphores.problemOfData(data) ?? problemOfCreation(command)
  }

  #refuseLimit({ name, limit, ephemeral }: Semaphore, command: Acquire): boolean {
    const { createLimit } = command
    if (createLimit === undefined || (limit === createLimit && !ephemeral)) return false
    const kind = ephemeral ? 'is ephemeral, with' : 'has'
    const message = `${quoted(name)} ${kind} limit ${limit}, asked for one with limit ${createLimit}`
    this.#root.turn.refuse(command, 'LIMIT_MISMATCH', message)
    return true
  }

  #acquireAbsent(session: Session, command: Acquire): void {
    const { turn } = this.#root
    const { name, createLimit } = command
    if (!command.ephemeral && createLimit === undefined) {
      this.#semaphores.findFor(command)
      return
    }
    const problem = this.#semaphores.problemOfName(name)
    if (problem !== null) return turn.refuse(command, 'INVALID_ARGUMENT', problem)
    if (this.#semaphores.isFull) return this.#semaphores.refuseFull(command)
    if (this.#refuseCrowded(command)) return
    const semaphore =
      createLimit === undefined
        ? this.#semaphores.openEphemeral(name)
        : this.#semaphores.openPersistent(name, createLimit, NO_BYTES)
    this.#join(session, semaphore, command)
    this.#watches.tell(name, ALL_CHANGED)
  }

  #enter(session: Session, semaphore: Semaphore, command: Acquire): void {
    const { stream, requestId, count, timeoutMs } = command
    if (timeoutMs === 0n && (semaphore.waiters.size > 0 || count > semaphore.free)) {
      this.#root.turn.say({ kind: 'not-acquired', stream, requestId })
      return
    }
    if (this.#refuseCrowded(command)) return
    this.#semaphores.settle(semaphore, this.#join(session, semaphore, command))
  }

  #refuseCrowded(command: Acquire): boolean {
    const { holdersMax } = this.#root.limits
    if (this.#queues.size < holdersMax) return false
    const message = `the node has ${holdersMax} owners and waiters`
    this.#root.turn.refuse(command, 'PRECONDITION_FAILED', message)
    return true
  }

  /** Returns whether it was granted at once. */
  #join(session: Session, semaphore: Semaphore, command: Acquire): boolean {
    const orderId = this.#root.counters.takeOrder()
    const holder = new Holder({ session, semaphore, orderId, data: command.data })
    this.#queues.enter(holder)
    return this.#ask(holder, command)
  }

  #reacquireOwned(holder: Holder, command: Acquire): void {
    const { semaphore } = holder
    const reduced = command.count < holder.count
    const changed = reduced || !bytesEqual(holder.data, command.data)
    if (changed) {
      semaphore.held -= holder.count - command.count
      holder.count = command.count
      holder.data = command.data
      this.#queues.keep(holder)
    }
    holder.askedBy(command.requestId)
    this.#queues.sayAcquired(holder)
    this.#semaphores.settle(semaphore, changed)
  }

  #supersede(holder: Holder, command: Acquire): void {
    const { semaphore } = holder
    this.#queues.abort(holder, 'superseded')
    const fits = semaphore.waiters.first === holder && command.count <= semaphore.free
    if (command.timeoutMs === 0n && !fits) {
      holder.askedBy(command.requestId)
      this.giveUp(holder)
      return
    }
    holder.data = command.data
    this.#semaphores.settle(semaphore, this.#ask(holder, command))
  }

  /** The command's terms are the waiter's from here on. Returns whether it was granted at once. */
  #ask(holder: Holder, command: Acquire): boolean {
    holder.count = command.count
    holder.timeoutMs = command.timeoutMs
    holder.askedBy(command.requestId)
    const granted = this.#queues.grant(holder.semaphore)
    if (!holder.owns) {
      this.#queues.wait(holder)
      const { orderId } = holder
      const { stream, requestId } = command
      this.#root.turn.say({ kind: 'pending', stream, requestId, orderId })
    }
    return granted
  }
}

/** Null when the semaphore can be created if it is absent, or must not be. */
function problemOfCreation({ name, count, createLimit, ephemeral }: Acquire): string | null {
  if (createLimit === undefined) return null
  if (ephemeral) return 'an ephemeral semaphore has no limit that can be given'
  const problem = problemOfLimit(createLimit)
  if (problem !== null || count <= createLimit) return problem
  return `${quoted(name)} is to have limit ${createLimit}, asked for ${count}`
}
