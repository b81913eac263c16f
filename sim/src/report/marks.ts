/**
 * Situations that a run may come into, by name. A storm that never reaches one of them tells nothing about it; the full tier
 * fails then.
 */

/** All there are; a name that is not in the list cannot be reached. */
export const MARKS = [
  'a burst is written',
  'a client asks for a node that cannot be loaded',
  'a close in the middle of a recovery',
  'a close that is given up',
  'a commit of a paused host',
  'a commit that fills its room',
  'a commit that was lost',
  'a commit with an unknown end',
  'a commit without room',
  'a delete sends waiters away',
  'a frame of several messages',
  'a holder dies',
  'a holder falls asleep',
  'a leader is put down',
  'a lease is lost',
  'a lease is lost to a delete',
  'a lease outlives its server',
  'a node fails and is loaded anew',
  'a node has room again',
  'a node passes to another server',
  'a node runs out of room',
  'a part of a lease is given back',
  'a program wakes up behind the end of its session',
  'a request is lost with its stream',
  'a request is refused for want of room',
  'a request that was asked again',
  'a server claims its node after a restart',
  'a server claims its node anew',
  'a server dies in the middle of something',
  'a server is told to stop in its sleep',
  'a server learns that it lost its node',
  'a server stops in good order',
  'a session ends without its client',
  'a session expires behind a pause of its host',
  'a session goes on at another server',
  'a session has expired',
  'a session is attached again',
  'a session is closed and gone',
  'a session is lost by silence',
  'a session is stopped',
  'a session that came back is granted',
  'a session that came back waits in a queue',
  'a silent client is detached',
  'a silent connection is given up',
  'a storage that does not answer',
  'a stream ends before its session has started',
  'a stream is too late for its session',
  'a stream loses its session to a newer one',
  'a task waited in the line of its own session',
  'a wait ends with an abort',
  'a wait is given up',
  'a waiter follows a holder of the other protocol',
  'a waiter gave up in time',
  'a waiter is granted',
  'a waiter is sent away by a delete',
  'a watch fires',
  'a watch is replaced',
  'a watch is set again',
  'a watcher agrees with what is stored',
  'an entry is lost with its session',
  'crash after a write',
  'crash before a write',
  'crash during a claim',
  'crash during a scan',
  'fenced at a commit',
  'fenced at a confirm',
  'nothing is released',
  'somebody asks once, in vain',
  'somebody waits in a queue',
  'the auditor has looked',
  'the data of a lease are changed',
  'two holders at a time',
  'two servers believe to own a node',
  'what is asked for is not there',
  'what is held passes to another process',
  'what is to be created is there',
  'what was held up arrives after all',
  'what was held up is lost',
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
