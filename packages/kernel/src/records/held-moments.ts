/**
 * Moments that are held, so that the pages of a range are all of one.
 *
 * A moment is a clone of the index. A state that is replaced or deleted while moments are held belongs to the latest of them
 * that shows it; when that one is let go, it belongs to the next earlier one, or to nobody.
 */
import type { RecordIndex } from './sorted-records.ts'
import type { RecordState } from './record.ts'
import type { Session } from '../session.ts'
import type { ValueMemory } from './value-memory.ts'

export class Moment {
  readonly session: Session
  /** The node's commit number at the moment. */
  readonly version: bigint
  readonly index: RecordIndex
  /** How many readers hold it: those of one session that began at the same version share it. */
  readers = 0
  /** States that are no more, and that no later held moment shows. */
  readonly superseded: RecordState[] = []

  constructor(session: Session, version: bigint, index: RecordIndex) {
    this.session = session
    this.version = version
    this.index = index
  }
}

export class HeldMoments {
  readonly #momentsMax: number
  readonly #values: ValueMemory
  /** Ascending by version, in the order in which they were taken. */
  #moments: Moment[] = []

  constructor(momentsMax: number, values: ValueMemory) {
    this.#momentsMax = momentsMax
    this.#values = values
  }

  find(session: Session, version: bigint): Moment | undefined {
    return this.#moments.find((one) => one.session === session && one.version === version)
  }

  /** One more reader holds the present moment. */
  hold(session: Session, version: bigint, index: RecordIndex): void {
    let moment = this.find(session, version)
    if (moment === undefined) {
      moment = new Moment(session, version, index.clone())
      this.#moments.push(moment)
    }
    moment.readers += 1
    const [oldest] = this.#moments
    if (oldest !== undefined && this.#moments.length > this.#momentsMax) this.#letGo(oldest)
  }

  /** A reader has read its last page. */
  release(moment: Moment): void {
    moment.readers -= 1
    if (moment.readers === 0) this.#letGo(moment)
  }

  dropOf(session: Session): void {
    if (this.#moments.length === 0) return
    for (const moment of this.#moments.filter((one) => one.session === session)) {
      this.#letGo(moment)
    }
  }

  /** The state was replaced, or its record deleted. @returns whether a held moment shows it, and keeps it */
  keepSuperseded(state: RecordState): boolean {
    const latest = this.#moments.at(-1)
    if (latest === undefined || latest.version < state.version) return false
    latest.superseded.push(state)
    return true
  }

  clear(): void {
    this.#moments = []
  }

  #letGo(moment: Moment): void {
    const at = this.#moments.indexOf(moment)
    this.#moments.splice(at, 1)
    const earlier = this.#moments[at - 1]
    for (const state of moment.superseded) {
      if (earlier !== undefined && earlier.version >= state.version) earlier.superseded.push(state)
      else this.#forget(state)
    }
  }

  #forget(state: RecordState): void {
    this.#values.leave(state)
    let newer = state.record.state
    while (newer.older !== null && newer.older !== state) newer = newer.older
    // A deleted record's last state has none after it, and goes with the record.
    if (newer.older === state) newer.older = state.older
  }
}
