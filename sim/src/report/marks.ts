/**
 * Situations that a run may come into, by name. A storm that never reaches one of them tells nothing about it; the full tier
 * fails then.
 */

/** All there are; a name that is not in the list cannot be reached. */
export const MARKS = [
  'a task waited in the line of its own session',
  'a lease is lost to a delete',
  'a waiter is sent away by a delete',
  'a session is closed and gone',
  'somebody waits in a queue',
  'a waiter is granted',
  'a waiter gave up in time',
  'a wait is given up',
  'a delete sends waiters away',
  'a program wakes up behind the end of its session',
  'a stream is too late for its session',
  'a session ends without its client',
  'a session expires behind a pause of its host',
  'a commit of a paused host',
  'a request that was asked again',
  'a session has expired',
  'a session is attached again',
  'a session is stopped',
  'two holders at a time',
  'a commit that was lost',
  'a commit with an unknown end',
  'a commit without room',
  'crash after a write',
  'crash before a write',
  'fenced at a commit',
  'fenced at a confirm',
] as const

export type Mark = (typeof MARKS)[number]

export class Marks {
  readonly #seen = new Set<Mark>()

  reached(mark: Mark): void {
    this.#seen.add(mark)
  }

  get seen(): readonly Mark[] {
    return [...this.#seen].toSorted()
  }
}
