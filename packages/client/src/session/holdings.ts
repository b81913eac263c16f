/**
 * What a session holds and waits for, by name.
 *
 * The server knows one entry for each session and name, and takes a second acquire for a change of the first. So the tasks of
 * one session that want the same name stand in a line here: the first has its entry in the server, the others wait.
 */
import { LinkedSet, type Place as HeldPlace } from '../linked-set.ts'

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

/** The line of one name. */
interface Line {
  /** Somebody of this session holds the name or asks for it. */
  isTaken: boolean
  /** Those who wait behind. Absent until the first. */
  places: Set<Place> | null
}

/** A program goes round its names: lines that nobody is in are kept for the next turn, up to so many. */
const FREE_LINES_MAX = 256

export class Holdings {
  #lines = new Map<string, Line>()
  #taken = 0
  readonly #held = new LinkedSet<Held>()

  /** Whether somebody of this session is ahead. */
  isTaken(name: string): boolean {
    return this.#lines.get(name)?.isTaken === true
  }

  /** Gives the turn at once when nobody is ahead. */
  enter(name: string, place: Place): void {
    const line = this.#line(name)
    if (line.isTaken) {
      line.places ??= new Set()
      line.places.add(place)
      return
    }
    line.isTaken = true
    this.#taken += 1
    place.turn()
  }

  /** Gives up a place that has not had its turn. */
  withdraw(name: string, place: Place): void {
    this.#lines.get(name)?.places?.delete(place)
  }

  /** Ends a turn; the next in line has it. */
  leave(name: string): void {
    const line = this.#lines.get(name)
    if (line?.isTaken !== true) return
    const [next] = line.places ?? []
    if (next === undefined) {
      line.isTaken = false
      this.#taken -= 1
      return
    }
    line.places?.delete(next)
    next.turn()
  }

  /** @returns what `letGo` wants */
  hold(held: Held): HeldPlace<Held> {
    return this.#held.add(held)
  }

  letGo(place: HeldPlace<Held>): void {
    this.#held.delete(place)
  }

  /** An operator has taken away what was granted under this token. */
  revoke(token: bigint): void {
    for (const held of this.#held) if (held.token === token) held.revoked()
  }

  /** Whatever is held is told first, since it must stop; then those who wait. */
  failAll(reason: unknown): void {
    const held = [...this.#held]
    const places = [...this.#lines.values()].flatMap((line) => [...(line.places ?? [])])
    this.#held.clear()
    this.#lines.clear()
    this.#taken = 0
    for (const each of held) each.lost(reason)
    for (const place of places) place.fail(reason)
  }

  #line(name: string): Line {
    const present = this.#lines.get(name)
    if (present !== undefined) return present
    if (this.#lines.size - this.#taken >= FREE_LINES_MAX) this.#forgetFreeLines()
    const line = { isTaken: false, places: null }
    this.#lines.set(name, line)
    return line
  }

  #forgetFreeLines(): void {
    this.#lines = new Map([...this.#lines].filter(([, line]) => line.isTaken))
  }
}
