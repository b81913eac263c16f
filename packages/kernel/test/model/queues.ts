/** A plain model of the queues: who owns, who waits, strictly first come, first served. */
import { MAX_U64 } from '@tenure/kernel'
import { asked, text } from './ground.ts'
import type { Code, Ground, Holder, Of, Semaphore, Session } from './ground.ts'
import type { Watches } from './watches.ts'

export class Queues {
  semaphores: Semaphore[] = []
  holders: Holder[] = []
  readonly #ground: Ground
  readonly #watches: Watches
  #nextOrder = 1n

  constructor(ground: Ground, watches: Watches) {
    this.#ground = ground
    this.#watches = watches
  }

  find = (name: string): Semaphore | undefined => this.semaphores.find((it) => it.name === name)
  owners = (name: string): Holder[] => this.holders.filter((it) => it.name === name && it.owns)
  waiters = (name: string): Holder[] => this.holders.filter((it) => it.name === name && !it.owns)
  held = (name: string): bigint => this.owners(name).reduce((sum, { count }) => sum + count, 0n)

  acquire(session: Session, command: Of<'acquire'>): void {
    const { name, count } = command
    const found = this.find(name)
    const refused = refusalOf(command, found)
    if (refused !== null) return this.#ground.refuse(command, refused)
    if (!found) return this.#acquireNew(session, command)
    const mine = this.holders.find((holder) => holder.session === session && holder.name === name)
    if (!mine) return this.#enter(session, command, found)
    if (count > mine.count) return this.#ground.refuse(command, 'INVALID_ARGUMENT')
    if (mine.owns) this.#reacquire(mine, command, found)
    else this.#supersede(mine, command, found)
  }

  #acquireNew(session: Session, command: Of<'acquire'>): void {
    const { holdersMax, semaphoresMax } = this.#ground.limits
    if (this.holders.length >= holdersMax || this.semaphores.length >= semaphoresMax) {
      return this.#ground.refuse(command, 'PRECONDITION_FAILED')
    }
    const { name, ephemeral, createLimit: limit = MAX_U64 } = command
    const made = { name, limit, ephemeral, data: new Uint8Array() }
    this.semaphores.push(made)
    this.#join(session, command, made)
    this.#watches.tell(name, true, true)
  }

  #enter(session: Session, command: Of<'acquire'>, found: Semaphore): void {
    const fits = command.count <= found.limit - this.held(found.name)
    if (command.timeoutMs === 0n && (!fits || this.waiters(found.name).length > 0)) {
      return this.#ground.say({ kind: 'not-acquired', ...asked(command) })
    }
    if (this.holders.length >= this.#ground.limits.holdersMax) {
      return this.#ground.refuse(command, 'PRECONDITION_FAILED')
    }
    this.#watches.tell(found.name, false, this.#join(session, command, found))
  }

  #join(session: Session, command: Of<'acquire'>, semaphore: Semaphore): boolean {
    const place = { session, name: command.name, orderId: this.#nextOrder++, owns: false }
    const terms = { count: 0n, timeout: 0n, data: command.data, request: 0n, visit: 0 }
    const mine = { ...place, ...terms, due: Infinity, set: 0 }
    this.holders.push(mine)
    return this.#queue(mine, command, semaphore)
  }

  #reacquire(mine: Holder, command: Of<'acquire'>, semaphore: Semaphore): void {
    const changed = command.count < mine.count || text(command.data) !== text(mine.data)
    this.#adopt(mine, command)
    this.#ground.answer(mine, 'acquired')
    this.#settle(semaphore, changed)
  }

  #supersede(mine: Holder, command: Of<'acquire'>, semaphore: Semaphore): void {
    this.#ground.answer(mine, 'aborted')
    const fits = command.count <= semaphore.limit - this.held(mine.name)
    const now = fits && this.waiters(mine.name)[0] === mine
    if (now || command.timeoutMs > 0n) {
      return this.#watches.tell(mine.name, false, this.#queue(mine, command, semaphore))
    }
    this.#adopt(mine, command)
    this.giveUp(mine)
  }

  #queue(mine: Holder, command: Of<'acquire'>, semaphore: Semaphore): boolean {
    this.#adopt(mine, command)
    const granted = this.#grant(semaphore)
    if (mine.owns) return granted
    this.setTimer(mine)
    this.#ground.answer(mine, 'pending')
    return granted
  }

  #adopt(mine: Holder, command: Of<'acquire'>): void {
    const { count, data, timeoutMs: timeout, requestId: request } = command
    Object.assign(mine, { count, data, timeout, request, visit: mine.session.visit })
  }

  release(session: Session, command: Of<'release'>): void {
    const mine = this.holders.find(
      (holder) => holder.session === session && holder.name === command.name,
    )
    if (mine && !mine.owns) this.#ground.answer(mine, 'aborted')
    this.#ground.say({ kind: 'released', ...asked(command), released: mine !== undefined })
    if (mine) this.#leave(mine)
  }

  giveUp(holder: Holder): void {
    this.#ground.answer(holder, 'not-acquired')
    this.#leave(holder)
  }

  free(session: Session): void {
    for (const holder of this.holders.filter((it) => it.session === session)) this.#leave(holder)
  }

  #leave(holder: Holder): void {
    this.holders = this.holders.filter((it) => it !== holder)
    const semaphore = this.semaphores.find(({ name }) => name === holder.name)
    if (semaphore) this.#settle(semaphore, holder.owns)
  }

  #grant(semaphore: Semaphore): boolean {
    const { name, limit } = semaphore
    const first = this.waiters(name)[0]
    if (!first || first.count + this.held(name) > limit) return false
    Object.assign(first, { owns: true, due: Infinity })
    this.#ground.answer(first, 'acquired')
    this.#grant(semaphore)
    return true
  }

  #settle(semaphore: Semaphore, changed: boolean): void {
    const { name, ephemeral } = semaphore
    const granted = this.#grant(semaphore)
    if (ephemeral && !this.holders.some((it) => it.name === name)) this.remove(semaphore)
    else this.#watches.tell(name, false, changed || granted)
  }

  remove(semaphore: Semaphore): void {
    this.semaphores = this.semaphores.filter((it) => it !== semaphore)
    this.#watches.tell(semaphore.name, true, true)
  }

  setTimer(waiter: Holder): void {
    if (waiter.timeout === MAX_U64) waiter.due = Infinity
    else this.#ground.setDue(waiter, Number(waiter.timeout))
  }
}

function refusalOf(command: Of<'acquire'>, found: Semaphore | undefined): Code | null {
  const { count, ephemeral, createLimit: limit } = command
  const isBroken = limit !== undefined && (limit === 0n || ephemeral || count > limit)
  if (count === 0n || isBroken) return 'INVALID_ARGUMENT'
  if (!found) return ephemeral || limit !== undefined ? null : 'NOT_FOUND'
  const fits = limit === undefined || (limit === found.limit && !found.ephemeral)
  if (!fits) return 'LIMIT_MISMATCH'
  if (found.ephemeral !== ephemeral) return 'PRECONDITION_FAILED'
  return count > found.limit ? 'INVALID_ARGUMENT' : null
}
