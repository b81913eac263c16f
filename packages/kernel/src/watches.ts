/**
 * Watches: who wants to hear once of the next change of a semaphore, by its name, or to see its state after every change.
 *
 * They are kept by name and not by semaphore, because a name can be watched before anything has it.
 */
import type { DescribeSemaphore } from './command.ts'
import type { DescriptionWish, SemaphoreDescription } from './description.ts'
import type { SemaphoreShown } from './event.ts'
import { invariant } from './invariant.ts'
import { LinkedList } from './linked-list.ts'
import type { Root } from './root.ts'
import type { Session } from './session.ts'
import { Audience, View } from './view.ts'
import { type Change, Watch } from './watch.ts'

const REPLACED: Change = { data: false, owners: false }
const NOTHING_SHOWN: readonly SemaphoreShown[] = []

/** What there is to see of a name. */
interface Visible {
  look(name: string, wish: DescriptionWish): SemaphoreDescription | null
}

/** The watches of one name. Apart by kind, so that an event passes by nobody who does not listen for it. */
class Watchers {
  readonly data: LinkedList<Watch> = new LinkedList()
  readonly owners: LinkedList<Watch> = new LinkedList()
  readonly both: LinkedList<Watch> = new LinkedList()
  /** Of those that stand. */
  readonly views: View[] = []

  listFor(command: DescribeSemaphore): LinkedList<Watch> {
    if (command.watchStands) return this.#viewFor(command).audienceOf(command.stream)
    if (command.watchData && command.watchOwners) return this.both
    return command.watchData ? this.data : this.owners
  }

  get isEmpty(): boolean {
    return this.data.size + this.owners.size + this.both.size + this.views.length === 0
  }

  leave(audience: Audience): void {
    const { view } = audience
    view.drop(audience)
    if (view.isEmpty) this.views.splice(this.views.indexOf(view), 1)
  }

  #viewFor(command: DescribeSemaphore): View {
    const present = this.views.find((view) => view.serves(command))
    if (present !== undefined) return present
    const view = new View(command)
    this.views.push(view)
    return view
  }
}

export class Watches {
  readonly #root: Root
  readonly #byName = new Map<string, Watchers>()
  #due: View[] = []
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
    if (command.watchStands) {
      session.standing ??= new Map()
      session.standing.set(watch.requestId, watch)
    }
    this.#size += 1
  }

  /** Takes back a watch that stands, without a word. @returns false when the session has none of this id */
  forget(session: Session, requestId: bigint): boolean {
    const watch = session.standing?.get(requestId)
    if (watch === undefined) return false
    this.#takeOut(watch)
    return true
  }

  /**
   * Tells everybody who listens for `change`, once: by kind of watch, each kind in the order of setting. Those who stand are shown the
   * state later.
   */
  tell(name: string, change: Change): void {
    const watchers = this.#byName.get(name)
    if (watchers === undefined) return
    if (change.data) this.#fireAll(watchers.data, change)
    if (change.owners) this.#fireAll(watchers.owners, change)
    this.#fireAll(watchers.both, change)
    for (const view of watchers.views) {
      if (view.isDue || !view.concerns(change)) continue
      view.isDue = true
      this.#due.push(view)
    }
  }

  /** What those who stand see of the changes that they were not shown yet. */
  takeShown(semaphores: Visible): readonly SemaphoreShown[] {
    if (this.#due.length === 0) return NOTHING_SHOWN
    const due = this.#due
    this.#due = []
    const shown: SemaphoreShown[] = []
    for (const view of due) {
      view.isDue = false
      if (view.isEmpty) continue
      const description = semaphores.look(view.name, view.wish)
      for (const { stream, requestIds } of view.audiences) {
        shown.push({ kind: 'semaphore-shown', stream, requestIds, description })
      }
    }
    return shown
  }

  /** Forgets all watches of a session, without a word. */
  dropOf(session: Session): void {
    const { watches } = session
    if (watches === null) return
    session.watches = null
    session.standing = null
    for (const watch of watches.values()) this.#unlink(watch)
  }

  /** Forgets all watches, without a word. */
  clear(): void {
    this.#byName.clear()
    this.#due = []
    this.#size = 0
  }

  #fireAll(list: LinkedList<Watch>, change: Change): void {
    for (let watch = list.first; watch !== null; watch = list.first) this.#fire(watch, change)
  }

  #fire(watch: Watch, change: Change): void {
    const { session, requestId } = watch
    const { stream } = session
    invariant(stream !== null, 'I-7', session.id)
    this.#takeOut(watch)
    const { data, owners } = change
    this.#root.turn.say({ kind: 'changed', stream, requestId, session: session.id, data, owners })
  }

  #takeOut(watch: Watch): void {
    const { session } = watch
    session.watches?.delete(watch.name)
    session.standing?.delete(watch.requestId)
    this.#unlink(watch)
  }

  #unlink(watch: Watch): void {
    const { list, name } = watch
    list.remove(watch)
    this.#size -= 1
    const watchers = this.#byName.get(name)
    if (list instanceof Audience && list.size === 0) watchers?.leave(list)
    if (watchers?.isEmpty === true) this.#byName.delete(name)
  }
}
