/**
 * Which numbered changes of records a session has done, and what their answers were, so that one whose answer was lost can
 * be asked again: it is answered as it was then, and not done again. A refused change is not among them.
 */
import type { Change } from '../asked.ts'

export type Outcome =
  | 'written'
  | 'deleted'
  /** A transaction did its first list. */
  | 'succeeded'
  | 'not-succeeded'
  | 'granted'
  | 'released'

export interface DoneRecordChange {
  readonly outcome: Outcome
  readonly version: bigint
}

/** Of one session: more than a client leaves unsettled. */
const RECORD_CHANGES_MAX = 65_536

/** Settled changes are forgotten so many at once. */
const FORGOTTEN_TOGETHER = 64n

export class DoneRecordChanges {
  /** By serial, in the order in which they were done. */
  readonly #bySerial = new Map<bigint, DoneRecordChange>()
  #forgottenBelow = 0n

  get hasRoom(): boolean {
    return this.#bySerial.size < RECORD_CHANGES_MAX
  }

  find(serial: bigint): DoneRecordChange | undefined {
    return this.#bySerial.get(serial)
  }

  add(serial: bigint, done: DoneRecordChange): void {
    this.#bySerial.set(serial, done)
  }

  /**
   * Forgets what the client knows the outcome of, once that is enough of them.
   *
   * @returns whether the rows of all serials below `settledBelow` are to be deleted
   */
  settle({ settledBelow }: Change): boolean {
    if (settledBelow - this.#forgottenBelow < FORGOTTEN_TOGETHER) return false
    this.#forgottenBelow = settledBelow
    for (const serial of this.#bySerial.keys()) {
      // Done in the order of their serials but for a few, so those behind are not settled either, or soon found.
      if (serial >= settledBelow) break
      this.#bySerial.delete(serial)
    }
    return true
  }
}
