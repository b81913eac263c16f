/** A lock as key-value stores offer it: the mutex of a session, behind three calls. */
import { onAbort, untilAbort } from '../abort.ts'
import { nameOf } from '../arguments.ts'
import type { Lock } from '../recipes/mutex.ts'
import type { Session } from '../session.ts'

/** The session that all lockers of one node share: opened on first use, and anew when it is over. */
export class SharedSession {
  readonly #open: () => Promise<Session>
  #session: Promise<Session> | null = null

  constructor(open: () => Promise<Session>) {
    this.#open = open
  }

  get(signal?: AbortSignal): Promise<Session> {
    if (this.#session === null) {
      const session = this.#open()
      this.#session = session
      const forget = (): void => {
        if (this.#session === session) this.#session = null
      }
      session.then((opened) => onAbort(opened.signal, forget), forget)
    }
    return untilAbort(this.#session, signal)
  }
}

/** Each use takes and frees; several tasks need a locker each. */
export class Locker {
  readonly name: string
  readonly #shared: SharedSession
  #lock: Lock | null = null

  /** Lockers come from `storage.locker`. */
  constructor(shared: SharedSession, name: string) {
    this.#shared = shared
    this.name = nameOf(name)
  }

  /** Waits in line until the lock is free. The `signal` of the lock aborts when it is lost; its `token` fences what is written under it. */
  async lock(signal?: AbortSignal): Promise<Lock> {
    const session = await this.#shared.get(signal)
    return this.#take(await session.mutex(this.name).lock(signal))
  }

  /** The lock if it is free now, else null. */
  async tryLock(signal?: AbortSignal): Promise<Lock | null> {
    const session = await this.#shared.get(signal)
    const lock = await session.mutex(this.name).tryLock(signal)
    return lock && this.#take(lock)
  }

  /** Frees the lock. Does nothing when it is not held. */
  async unlock(signal?: AbortSignal): Promise<void> {
    const lock = this.#lock
    this.#lock = null
    await lock?.release(signal)
  }

  #take(lock: Lock): Lock {
    this.#lock = lock
    return lock
  }
}
