/**
 * Watches: who wants to hear once of the next change of a semaphore, by its name.
 *
 * They are kept by name and not by semaphore, because a name can be watched before anything has it.
 */
import type { DescribeSemaphore } from './command.ts'
import { invariant } from './invariant.ts'
import { LinkedList } from './linked-list.ts'
import type { Linked } from './linked-list.ts'
import type { Root } from './root.ts'
import type { Session } from './session.ts'

/** What happened to a semaphore. Creation and deletion are both at once. */
export interface Change {
  readonly data: boolean
  readonly owners: boolean
}

export const DATA_CHANGED: Change = { data: true, owners: false }
export const OWNERS_CHANGED: Change = { data: false, owners: true }
export const ALL_CHANGED: Change = { data: true, owners: true }
const REPLACED: Change = { data: false, owners: false }

export class Watch implements Linked<Watch> {
  readonly session: Session
  readonly name: string
  readonly requestId: bigint
  /** The list it is in, by what it listens for. */
  readonly list: LinkedList<Watch>
  previous: Watch | null = null
  next: Watch | null = null

  constructor(session: Session, command: DescribeSemaphore, list: LinkedList<Watch>) {
    this.session = session
    this.name = command.name
    this.requestId = command.requestId
    this.list = list
  }
}

/** The watches of one name. Apart by kind, so that an event passes by nobody who does not listen for it. */
class Watchers {
  readonly data: LinkedList<Watch> = new LinkedList()
  readonly owners: LinkedList<Watch> = new LinkedList()
  readonly both: LinkedList<Watch> = new LinkedList()

  listFor(command: DescribeSemaphore): LinkedList<Watch> {
    if (command.watchData && command.watchOwners) return this.both
    return command.watchData ? this.data : this.owners
  }

  get isEmpty(): boolean {
    return this.data.size + this.owners.size + this.both.size === 0
  }
}

export class Watches {
  readonly #root: Root
  readonly #byName = new Map<string, Watchers>()
  #size = 0

  constructor(root: Root) {
    this.#root = root
  }

  get size(): number {
    return this.#size
  }

  /** Whether the session may watch the name: it replaces its own watch there, or there is room for one more. */
  hasRoom(session: Session, name: string): boolean {
    return this.#size < this.#root.limits.watchesMax || session.watches?.has(name) === true
  }

  /** Sets the watch a describe asks for. An older one of the session on this name is told that it is replaced. */
  set(session: Session, command: DescribeSemaphore): void {
    const { name } = command
    const old = session.watches?.get(name)
    if (old !== undefined) this.#fire(old, REPLACED)
    let watchers = this.#byName.get(name)
    if (watchers === undefined) {
      watchers = new Watchers()
      this.#byName.set(name, watchers)
    }
    const watch = new Watch(session, command, watchers.listFor(command))
    watch.list.append(watch)
    session.watches ??= new Map()
    session.watches.set(name, watch)
    this.#size += 1
  }

  /** Tells everybody who listens for `change`, once: by kind of watch, each kind in the order of setting. */
  tell(name: string, change: Change): void {
    const watchers = this.#byName.get(name)
    if (watchers === undefined) return
    if (change.data) this.#fireAll(watchers.data, change)
    if (change.owners) this.#fireAll(watchers.owners, change)
    this.#fireAll(watchers.both, change)
  }

  /** Forgets all watches of a session, without a word. */
  dropOf(session: Session): void {
    const { watches } = session
    if (watches === null) return
    session.watches = null
    for (const watch of watches.values()) this.#unlink(watch)
  }

  /** Forgets all watches, without a word. */
  clear(): void {
    this.#byName.clear()
    this.#size = 0
  }

  #fireAll(list: LinkedList<Watch>, change: Change): void {
    for (let watch = list.first; watch !== null; watch = list.first) this.#fire(watch, change)
  }

  #fire(watch: Watch, change: Change): void {
    const { session, requestId } = watch
    const { stream } = session
    invariant(stream !== null, 'I-7', session.id)
    session.watches?.delete(watch.name)
    this.#unlink(watch)
    const { data, owners } = change
    this.#root.turn.say({ kind: 'changed', stream, requestId, session: session.id, data, owners })
  }

  #unlink(watch: Watch): void {
    watch.list.remove(watch)
    this.#size -= 1
    if (this.#byName.get(watch.name)?.isEmpty === true) this.#byName.delete(watch.name)
  }
}
