/**
 * The numbers a node gives out once and never again, also after it was dropped and made anew.
 */
import type { SessionId } from './asked.ts'
import type { CountersRow } from './rows/counters-row.ts'

export class Counters {
  #nextSession: SessionId = 1n
  #nextOrder = 1n
  #lastCommit = 0n
  #moved = false

  takeSession(): SessionId {
    this.#moved = true
    return this.#nextSession++
  }

  takeOrder(): bigint {
    this.#moved = true
    return this.#nextOrder++
  }

  /** The version of a commit that changes records or record leases. */
  takeCommit(): bigint {
    this.#moved = true
    return ++this.#lastCommit
  }

  /** The latest commit of records or record leases; 0 before the first. */
  get lastCommit(): bigint {
    return this.#lastCommit
  }

  get next(): CountersRow {
    return {
      nextSession: this.#nextSession,
      nextOrder: this.#nextOrder,
      lastCommit: this.#lastCommit,
    }
  }

  restore(row: CountersRow): void {
    this.#nextSession = row.nextSession
    this.#nextOrder = row.nextOrder
    this.#lastCommit = row.lastCommit
  }

  /** None was stored: so many of each count as given out. */
  begin(before: bigint): void {
    this.restore({ nextSession: before + 1n, nextOrder: before + 1n, lastCommit: before })
  }

  /** Whether any was taken since this was last asked. */
  takeMoved(): boolean {
    const moved = this.#moved
    this.#moved = false
    return moved
  }
}
