/**
 * What a session holds and waits for, by name.
 *
 * The server knows one entry for each session and name, and takes a second acquire for a change of the first. So the tasks of
 * one session that want the same name stand in a line here: the first has its entry in the server, the others wait.
 */

/** A place in the line of a name. */
export interface Place {
  /** It is this place's turn: nobody else of this session is in the server's books under the name. */
  turn(): void
  /** The session is over. */
  fail(reason: unknown): void
}

/** Something held that must be told when the session is over. */
export interface Held {
  readonly token: bigint
  /** An operator has taken it away. */
  revoked(): void
  lost(reason: unknown): void
}

export class Holdings {
  /** A name is here while somebody of this session holds it or asks for it; those who wait behind are in the set. */
  readonly #lines = new Map<string, Set<Place> | null>()
  readonly #held = new Set<Held>()

  /** Whether somebody of this session is ahead. */
  isTaken(name: string): boolean {
    return this.#lines.has(name)
  }

  /** Gives the turn at once when nobody is ahead. */
  enter(name: string, place: Place): void {
    const line = this.#lines.get(name)
    if (line === undefined) {
      this.#lines.set(name, null)
      place.turn()
    } else if (line === null) this.#lines.set(name, new Set([place]))
    else line.add(place)
  }

  /** Gives up a place that has not had its turn. */
  withdraw(name: string, place: Place): void {
    this.#lines.get(name)?.delete(place)
  }

  /** Ends a turn; the next in line has it. */
  leave(name: string): void {
    const line = this.#lines.get(name)
    const [next] = line ?? []
    if (next === undefined) {
      this.#lines.delete(name)
      return
    }
    line?.delete(next)
    next.turn()
  }

  hold(held: Held): void {
    this.#held.add(held)
  }

  letGo(held: Held): void {
    this.#held.delete(held)
  }

  /** An operator has taken away what was granted under this token. */
  revoke(token: bigint): void {
    for (const held of this.#held) if (held.token === token) held.revoked()
  }

  /** Whatever is held is told first, since it must stop; then those who wait. */
  failAll(reason: unknown): void {
    const held = [...this.#held]
    const places = [...this.#lines.values()].flatMap((line) => [...(line ?? [])])
    this.#held.clear()
    this.#lines.clear()
    for (const each of held) each.lost(reason)
    for (const place of places) place.fail(reason)
  }
}
