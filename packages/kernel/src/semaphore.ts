/**
 * Semaphores: made, described, changed and deleted by name. Taking and giving back is in acquire.ts.
 */
import { NO_BYTES, bytesEqual } from './bytes.ts'
import { MAX_U64 } from './command.ts'
import type { Asked } from './asked.ts'
import type {
  CreateSemaphore,
  DeleteSemaphore,
  DescribeSemaphore,
  SemaphoreCommand,
  UpdateSemaphore,
} from './command.ts'
import type { DescriptionWish, SemaphoreDescription } from './description.ts'
import type { RefusalCode } from './event.ts'
import type { Holder } from './holder.ts'
import { LinkedList } from './linked-list.ts'
import type { Queues } from './queue.ts'
import type { Root } from './root.ts'
import { holderKeys, semaphoreKey } from './rows/keys.ts'
import { encodeSemaphore } from './rows/semaphore-row.ts'
import type { SemaphoreRow } from './rows/semaphore-row.ts'
import type { Session } from './session.ts'
import { utf8Length } from './utf8.ts'
import { ALL_CHANGED, DATA_CHANGED, OWNERS_CHANGED } from './watch.ts'
import type { Watches } from './watches.ts'

/** Longer names are not repeated in messages. */
const QUOTED_NAME_MAX = 100

export class Semaphore {
  readonly name: string
  /** Length of the name in UTF-8. */
  readonly nameBytes: number
  readonly limit: bigint
  readonly ephemeral: boolean
  data: Uint8Array
  /** Units of all owners together. */
  held = 0n
  /** Ascending by order id, since grants are made in that order. */
  readonly owners: LinkedList<Holder> = new LinkedList()
  /** Ascending by order id: the queue. */
  readonly waiters: LinkedList<Holder> = new LinkedList()

  constructor(name: string, nameBytes: number, row: SemaphoreRow) {
    this.name = name
    this.nameBytes = nameBytes
    this.limit = row.limit
    this.ephemeral = row.ephemeral
    this.data = row.data
  }

  get free(): bigint {
    return this.limit - this.held
  }

  /** Persistent ones always have one, ephemeral ones only for their data. */
  get hasRow(): boolean {
    return !this.ephemeral || this.data.length > 0
  }

  get isUnused(): boolean {
    return this.owners.size === 0 && this.waiters.size === 0
  }
}

export class Semaphores {
  readonly #root: Root
  readonly #queues: Queues
  readonly #watches: Watches
  readonly #byName = new Map<string, Semaphore>()

  constructor(root: Root, queues: Queues, watches: Watches) {
    this.#root = root
    this.#queues = queues
    this.#watches = watches
  }

  get size(): number {
    return this.#byName.size
  }

  get isFull(): boolean {
    return this.#byName.size >= this.#root.limits.semaphoresMax
  }

  find(name: string): Semaphore | undefined {
    return this.#byName.get(name)
  }

  /** What there is to see of a name; null when nothing has it. */
  look(name: string, wish: DescriptionWish): SemaphoreDescription | null {
    const semaphore = this.#byName.get(name)
    return semaphore === undefined ? null : describeSemaphore(semaphore, wish)
  }

  all(): IterableIterator<Semaphore> {
    return this.#byName.values()
  }

  /** Whether this token is held, and no newer one: whoever shows it is the latest to whom this name was granted. */
  isNewestGrant(name: string, token: bigint): boolean {
    return this.#byName.get(name)?.owners.last?.orderId === token
  }

  /** Creates, updates or deletes. @returns whether it was done, and not refused */
  change(command: CreateSemaphore | UpdateSemaphore | DeleteSemaphore): boolean {
    switch (command.kind) {
      case 'create-semaphore':
        return this.#create(command)
      case 'update-semaphore':
        return this.#update(command)
      case 'delete-semaphore':
        break
    }
    return this.#delete(command)
  }

  #create(command: CreateSemaphore): boolean {
    const { name, limit, data } = command
    const problem = problemOfLimit(limit) ?? this.problemOfName(name) ?? this.problemOfData(data)
    if (problem !== null) return this.#refuse(command, 'INVALID_ARGUMENT', problem)
    const existing = this.#byName.get(name)
    if (existing !== undefined) {
      return existing.ephemeral
        ? this.#refuse(command, 'PRECONDITION_FAILED', `${quoted(name)} is in use as ephemeral`)
        : this.#refuse(command, 'ALREADY_EXISTS', `${quoted(name)} exists already`)
    }
    if (this.isFull) {
      this.refuseFull(command)
      return false
    }
    this.openPersistent(name, limit, data)
    this.#sayDone(command)
    this.#watches.tell(name, ALL_CHANGED)
    return true
  }

  #update(command: UpdateSemaphore): boolean {
    const { name, data } = command
    const problem = this.problemOfName(name) ?? this.problemOfData(data)
    if (problem !== null) return this.#refuse(command, 'INVALID_ARGUMENT', problem)
    const semaphore = this.findFor(command)
    if (semaphore === null) return false
    const changed = !bytesEqual(semaphore.data, data)
    if (changed) {
      semaphore.data = data
      this.#keep(semaphore)
    }
    this.#sayDone(command)
    if (changed) this.#watches.tell(name, DATA_CHANGED)
    return true
  }

  #delete(command: DeleteSemaphore): boolean {
    const { name, force } = command
    const semaphore = this.findFor(command)
    if (semaphore === null) return false
    if (semaphore.ephemeral) {
      return this.#refuse(command, 'PRECONDITION_FAILED', `${quoted(name)} is ephemeral`)
    }
    if (!force && !semaphore.isUnused) {
      return this.#refuse(command, 'PRECONDITION_FAILED', `${quoted(name)} is in use`)
    }
    this.#evict(semaphore)
    this.#remove(semaphore)
    this.#sayDone(command)
    return true
  }

  #sayDone({ stream, requestId }: SemaphoreCommand): void {
    this.#root.turn.say({ kind: 'done', stream, requestId })
  }

  #refuse(command: SemaphoreCommand, code: RefusalCode, message: string): false {
    this.#root.turn.refuse(command, code, message)
    return false
  }

  describe(session: Session, command: DescribeSemaphore): void {
    const { turn } = this.#root
    const { name, stream, requestId } = command
    const watch = command.watchData || command.watchOwners
    const semaphore =
      watch && command.watchAbsent ? (this.#byName.get(name) ?? null) : this.findFor(command)
    if (semaphore === null) {
      if (!watch || !command.watchAbsent) return
      const problem = this.problemOfName(name)
      if (problem !== null) return turn.refuse(command, 'INVALID_ARGUMENT', problem)
    }
    if (watch) {
      if (!this.#watches.hasRoom(session, name)) {
        const message = `the node has ${this.#root.limits.watchesMax} watches`
        return turn.refuse(command, 'PRECONDITION_FAILED', message)
      }
      this.#watches.set(session, command)
    }
    const description = semaphore === null ? null : describeSemaphore(semaphore, command)
    turn.say({ kind: 'semaphore-described', stream, requestId, description, watchAdded: watch })
  }

  /** The semaphore a command names; null when the command was refused, because there is none. */
  findFor(command: Asked & { readonly name: string }): Semaphore | null {
    const semaphore = this.#byName.get(command.name)
    if (semaphore !== undefined) return semaphore
    if (this.refuseMalformed(command)) return null
    const message = `${quoted(command.name)} does not exist`
    this.#root.turn.refuse(command, 'NOT_FOUND', message)
    return null
  }

  /** Ends an event: grants what fits, then tells the watchers once; an ephemeral semaphore nobody uses is gone. */
  settle(semaphore: Semaphore, ownersChanged: boolean): void {
    const granted = this.#queues.grant(semaphore)
    if (semaphore.ephemeral && semaphore.isUnused) this.#remove(semaphore)
    else if (ownersChanged || granted) this.#watches.tell(semaphore.name, OWNERS_CHANGED)
  }

  /** For the first acquire of an unused name. Its owners and waiters are its existence: nothing is kept for itself. */
  openEphemeral(name: string): Semaphore {
    return this.restore(name, { limit: MAX_U64, ephemeral: true, data: NO_BYTES })
  }

  /** Makes a semaphore of a name that nobody has. It is the caller's to tell the watchers. */
  openPersistent(name: string, limit: bigint, data: Uint8Array): Semaphore {
    const semaphore = this.restore(name, { limit, ephemeral: false, data })
    this.#keep(semaphore)
    return semaphore
  }

  restore(name: string, row: SemaphoreRow): Semaphore {
    const semaphore = new Semaphore(name, utf8Length(name), row)
    this.#byName.set(name, semaphore)
    return semaphore
  }

  clear(): void {
    this.#byName.clear()
  }

  /** Null when it can be the name of a semaphore. */
  problemOfName(name: string): string | null {
    const { nameBytesMax } = this.#root.limits
    const bytes = utf8Length(name)
    if (bytes < 0) return MALFORMED_NAME
    if (bytes <= nameBytesMax) return null
    return `the name has ${bytes} bytes, at most ${nameBytesMax} are allowed`
  }

  problemOfData(data: Uint8Array): string | null {
    const { dataBytesMax } = this.#root.limits
    if (data.length <= dataBytesMax) return null
    return `the data have ${data.length} bytes, at most ${dataBytesMax} are allowed`
  }

  /** Refuses a name without UTF-8 form; such a name is nobody's, so only unknown names need the look. */
  refuseMalformed(command: Asked & { readonly name: string }): boolean {
    if (utf8Length(command.name) >= 0) return false
    this.#root.turn.refuse(command, 'INVALID_ARGUMENT', MALFORMED_NAME)
    return true
  }

  refuseFull(command: SemaphoreCommand): void {
    const message = `the node has ${this.#root.limits.semaphoresMax} semaphores`
    this.#root.turn.refuse(command, 'PRECONDITION_FAILED', message)
  }

  #evict(semaphore: Semaphore): void {
    if (semaphore.isUnused) return
    for (const holder of semaphore.waiters) {
      this.#queues.abort(holder, `${quoted(semaphore.name)} was deleted`)
      this.#release(holder)
    }
    for (const holder of semaphore.owners) this.#release(holder)
    const { start, end } = holderKeys(semaphore.name, semaphore.nameBytes)
    this.#root.turn.deleteRange(start, end)
  }

  #release(holder: Holder): void {
    this.#queues.forget(holder)
    holder.session.holders?.delete(holder.semaphore)
  }

  #remove(semaphore: Semaphore): void {
    const { name, nameBytes } = semaphore
    this.#byName.delete(name)
    if (!semaphore.ephemeral) this.#root.turn.delete(semaphoreKey(name, nameBytes))
    this.#watches.tell(name, ALL_CHANGED)
  }

  #keep(semaphore: Semaphore): void {
    const key = semaphoreKey(semaphore.name, semaphore.nameBytes)
    if (semaphore.hasRow) this.#root.turn.put(key, encodeSemaphore(semaphore))
    else this.#root.turn.delete(key)
  }
}

/** As people read it: `semaphore "jobs"`. */
export function quoted(name: string): string {
  if (name.length > QUOTED_NAME_MAX) return `the semaphore with a name of ${name.length} characters`
  return `semaphore "${name}"`
}

/** Null when it can be the limit of a semaphore. */
export function problemOfLimit(limit: bigint): string | null {
  if (limit >= 1n && limit <= MAX_U64) return null
  return `the limit must be from 1 to 2^64-1, got ${limit}`
}

const MALFORMED_NAME = 'the name is not well-formed Unicode'

/** With its owners and waiters as wished. */
export function describeSemaphore(
  semaphore: Semaphore,
  wish: DescriptionWish,
): SemaphoreDescription {
  const { name, limit, data, ephemeral, held } = semaphore
  return {
    name,
    limit,
    data,
    ephemeral,
    held,
    owners: wish.owners ? describeHolders(semaphore.owners) : [],
    waiters: wish.waiters ? describeHolders(semaphore.waiters) : [],
  }
}

function describeHolders(holders: LinkedList<Holder>): SemaphoreDescription['owners'] {
  return Array.from(holders, (holder) => holder.describe())
}
