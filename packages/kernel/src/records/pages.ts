/**
 * Ranges of records, page by page. Pages that go on at a held moment are of that moment together.
 */
import { byteText } from '../bytes.ts'
import type { Moment } from './held-moments.ts'
import type { RangeRecords } from './command.ts'
import type { RecordView } from './event.ts'
import type { RecordStore } from './store.ts'
import type { RecordState, StoredRecord } from './record.ts'
import type { Root } from '../root.ts'
import type { Session } from '../session.ts'

interface Page {
  readonly states: RecordState[]
  more: boolean
  /** Whether a state of the moment is not to be had any more. */
  isTorn: boolean
}

export class RecordPages {
  readonly #root: Root
  readonly #store: RecordStore

  constructor(root: Root, store: RecordStore) {
    this.#root = root
    this.#store = store
  }

  read(session: Session, command: RangeRecords): void {
    const { moments } = this.#store
    const { atVersion } = command
    if (atVersion === 0n) {
      const page = this.#gather(command, null)
      const version = this.#root.counters.lastCommit
      if (page.more && command.hold) moments.hold(session, version, this.#store.index)
      return this.#say(command, page, version)
    }
    const moment = moments.find(session, atVersion)
    if (moment === undefined) return this.#refuseGone(command)
    const page = this.#gather(command, moment)
    if (page.isTorn) {
      moments.release(moment)
      return this.#refuseGone(command)
    }
    this.#say(command, page, atVersion)
    if (!page.more || !command.hold) moments.release(moment)
  }

  #gather(command: RangeRecords, moment: Moment | null): Page {
    const { rangeRecordsMax, rangeBytesMax } = this.#root.limits
    const limit = Math.min(command.limit || rangeRecordsMax, rangeRecordsMax)
    const end = command.end === null ? null : byteText(command.end)
    const page: Page = { states: [], more: false, isTorn: false }
    let bytes = 0
    const visit = (record: StoredRecord): boolean => {
      if (end !== null && record.keyText >= end) return false
      if (page.states.length === limit || bytes >= rangeBytesMax) {
        page.more = true
        return false
      }
      const state = moment === null ? record.state : record.stateAt(moment.version)
      if (state === null || isLost(state)) {
        page.isTorn = true
        return false
      }
      page.states.push(state)
      bytes += record.key.length + state.valueBytes
      return true
    }
    const index = moment === null ? this.#store.index : moment.index
    index.visit(startOf(command), visit)
    return page
  }

  #say({ stream, requestId }: RangeRecords, { states, more }: Page, version: bigint): void {
    const records: RecordView[] = []
    for (const state of states) records.push(this.#store.tell(state, this.#root.turn))
    this.#root.turn.say({ kind: 'records-listed', stream, requestId, records, version, more })
  }

  #refuseGone(command: RangeRecords): void {
    const message = `the moment of version ${command.atVersion} is gone; begin again`
    this.#root.turn.refuse(command, 'ABORTED', message)
  }
}

/** Its value is not in memory, and where it was stored another one is, or none. */
function isLost(state: RecordState): boolean {
  const { record } = state
  return state.value === null && (record.isDeleted || record.state !== state)
}

/** The text after all that begins the range, and after the key that the page before has ended with. */
function startOf({ start, after }: RangeRecords): string {
  const from = byteText(start)
  if (after === null) return from
  const next = `${byteText(after)}\0`
  return next > from ? next : from
}
