/** A plain model of semaphores by name: made, described, changed and deleted. */
import type { HolderDescription } from '@tenure/kernel'
import { asked, text } from './ground.ts'
import type { Ground, Holder, Of, Semaphore, Session } from './ground.ts'
import type { Queues } from './queues.ts'
import type { Watches } from './watches.ts'

export class Semaphores {
  readonly #ground: Ground
  readonly #queues: Queues
  readonly #watches: Watches

  constructor(ground: Ground, queues: Queues, watches: Watches) {
    this.#ground = ground
    this.#queues = queues
    this.#watches = watches
  }

  create(command: Of<'create-semaphore'>): void {
    const { name, limit, data } = command
    const { semaphores, find } = this.#queues
    const found = find(name)
    if (limit === 0n) return this.#ground.refuse(command, 'INVALID_ARGUMENT')
    if (found)
      return this.#ground.refuse(
        command,
        found.ephemeral ? 'PRECONDITION_FAILED' : 'ALREADY_EXISTS',
      )
    if (semaphores.length === this.#ground.limits.semaphoresMax)
      return this.#ground.refuse(command, 'PRECONDITION_FAILED')
    semaphores.push({ name, limit, ephemeral: false, data })
    this.#ground.done(command)
    this.#watches.tell(name, true, true)
  }

  update(command: Of<'update-semaphore'>): void {
    const found = this.#queues.find(command.name)
    if (!found) return this.#ground.refuse(command, 'NOT_FOUND')
    const changed = text(found.data) !== text(command.data)
    found.data = command.data
    this.#ground.done(command)
    this.#watches.tell(found.name, changed, false)
  }

  delete(command: Of<'delete-semaphore'>): void {
    const queues = this.#queues
    const found = queues.find(command.name)
    if (!found) return this.#ground.refuse(command, 'NOT_FOUND')
    const used = queues.holders.some(({ name }) => name === found.name)
    if (found.ephemeral || (used && !command.force))
      return this.#ground.refuse(command, 'PRECONDITION_FAILED')
    for (const waiter of queues.waiters(found.name)) this.#ground.answer(waiter, 'aborted')
    queues.holders = queues.holders.filter(({ name }) => name !== found.name)
    queues.remove(found)
    this.#ground.done(command)
  }

  describe(session: Session, command: Of<'describe-semaphore'>): void {
    const { name, watchData: data, watchOwners: owners, requestId: request } = command
    const watches = this.#watches
    const found = this.#queues.find(name)
    const watch = data || owners
    if (!found && !(watch && command.watchAbsent)) return this.#ground.refuse(command, 'NOT_FOUND')
    const isFull = watches.all.length === this.#ground.limits.watchesMax
    if (watch && isFull && !watches.find(session, name))
      return this.#ground.refuse(command, 'PRECONDITION_FAILED')
    const stands = command.watchStands ? { owners: command.owners, waiters: command.waiters } : null
    if (watch) watches.set({ session, name, request, data, owners, stands })
    const description = found ? this.#described(found, command) : null
    const answer = { ...asked(command), description, watchAdded: watch }
    this.#ground.say({ kind: 'semaphore-described', ...answer })
  }

  /** What there is to see of a name. */
  look(name: string, wish: { owners: boolean; waiters: boolean }) {
    const found = this.#queues.find(name)
    return found ? this.#described(found, wish) : null
  }

  #described(found: Semaphore, { owners, waiters }: { owners: boolean; waiters: boolean }) {
    const queues = this.#queues
    return {
      ...found,
      held: queues.held(found.name),
      owners: owners ? queues.owners(found.name).map(shown) : [],
      waiters: waiters ? queues.waiters(found.name).map(shown) : [],
    }
  }
}

function shown(holder: Holder): HolderDescription {
  const { session, orderId, count, data, owns, timeout } = holder
  return { session: session.id, orderId, count, data, timeoutMs: owns ? 0n : timeout }
}
