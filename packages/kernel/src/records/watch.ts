/**
 * Waits and watches of records: who wants to hear once of the next change of a key, or of a range of keys.
 *
 * A commit passes by everybody whom it does not concern: waits are kept by their key; watches by their range, those of the
 * same range together, and the ranges so that the ones around a key are found.
 */
import { byteText, compareBytes } from '../bytes.ts'
import { invariant } from '../invariant.ts'
import { LinkedList } from '../linked-list.ts'
import type { Linked } from '../linked-list.ts'
import { RangeIndex } from './range-index.ts'
import type { End } from './range-index.ts'
import type { ForgetRequest, KeyRange, WaitRecord, WatchRecords } from './command.ts'
import type { RecordChange, RecordView } from './event.ts'
import { ChangesPage, RecordHistory, keyOf } from './history.ts'
import type { Found } from './history.ts'
import type { Root } from '../root.ts'
import type { Session } from '../session.ts'

/** All who wait for one key. */
class KeyPlace {
  readonly key: string
  readonly requests: LinkedList<RecordRequest> = new LinkedList()

  constructor(key: string) {
    this.key = key
  }
}

/** All who watch one range. */
class RangePlace {
  readonly start: string
  readonly end: End
  readonly requests: LinkedList<RecordRequest> = new LinkedList()
  /** What the commit changes in the range that is told now; whoever watches the range then finds another place. */
  readonly changes: RecordChange[] = []

  constructor(start: string, end: End) {
    this.start = start
    this.end = end
  }
}

/** One wait or watch that has not been answered. */
export class RecordRequest implements Linked<RecordRequest> {
  readonly session: Session
  readonly requestId: bigint
  readonly place: KeyPlace | RangePlace
  previous: RecordRequest | null = null
  next: RecordRequest | null = null

  constructor(command: WaitRecord | WatchRecords, session: Session, place: KeyPlace | RangePlace) {
    this.session = session
    this.requestId = command.requestId
    this.place = place
  }
}

export class RecordWatches {
  readonly #root: Root
  readonly #history: RecordHistory
  readonly #waits = new Map<string, KeyPlace>()
  readonly #ranges: RangeIndex<RangePlace> = new RangeIndex()
  #size = 0

  constructor(root: Root) {
    this.#root = root
    this.#history = new RecordHistory(root.limits)
  }

  /** Waits and watches that have not been answered. */
  get size(): number {
    return this.#size
  }

  /** The history begins after this commit. */
  start(version: bigint): void {
    this.#history.start(version)
  }

  /** A commit has been made: this is all that it changes in records, in the order in which it does. */
  tell(version: bigint, changes: readonly RecordChange[]): void {
    if (changes.length === 0) return
    this.#history.add(version, changes)
    if (this.#waits.size > 0) this.#answerWaits(changes)
    if (this.#ranges.size > 0) this.#answerWatches(version, changes)
  }

  /** Waits for the next change of a record which is there, and has the version that the command names. */
  wait(session: Session, command: WaitRecord): void {
    if (this.#refuse(session, command)) return
    const key = byteText(command.key)
    let place = this.#waits.get(key)
    if (place === undefined) {
      place = new KeyPlace(key)
      this.#waits.set(key, place)
    }
    this.#park(session, command, place)
  }

  /** Answers a watch if its range has changed, else waits until it does. */
  watch(session: Session, command: WatchRecords): void {
    const { turn, counters } = this.#root
    const problem = this.#problemOf(command)
    if (problem !== null) return turn.refuse(command, 'INVALID_ARGUMENT', problem)
    const found = this.#history.read(command, command.fromVersion, counters.lastCommit)
    if (found !== null) return this.#sayChanged(command, found)
    if (this.#refuse(session, command)) return
    const start = byteText(command.start)
    const end = command.end === null ? null : byteText(command.end)
    let place = this.#ranges.find(start, end)
    if (place === undefined) {
      place = new RangePlace(start, end)
      this.#ranges.add(start, end, place)
    }
    this.#park(session, command, place)
  }

  /** Takes back a request of this session, without a word. Without effect when it is not waiting. */
  forget(session: Session, target: ForgetRequest['target']): void {
    const request = session.recordRequests?.get(target)
    if (request !== undefined) this.#takeOut(request)
  }

  /** Forgets all of a session, without a word. */
  dropOf(session: Session): void {
    const { recordRequests } = session
    if (recordRequests === null) return
    for (const request of recordRequests.values()) this.#takeOut(request)
    session.recordRequests = null
  }

  /** Forgets all, without a word; the sessions are gone as well. The history stays. */
  clear(): void {
    this.#waits.clear()
    this.#ranges.clear()
    this.#size = 0
  }

  #problemOf({ start, end, fromVersion }: WatchRecords): string | null {
    const { lastCommit } = this.#root.counters
    // The bound right behind the longest key has one byte more.
    const boundBytesMax = this.#root.limits.recordKeyBytesMax + 1
    if (start.length > boundBytesMax || (end !== null && end.length > boundBytesMax)) {
      return `the bounds of a range have at most ${boundBytesMax} bytes`
    }
    if (isEmpty({ start, end })) return 'the range holds no key'
    if (fromVersion <= lastCommit) return null
    return `the latest version is ${lastCommit}, got ${fromVersion}`
  }

  #refuse(session: Session, command: WaitRecord | WatchRecords): boolean {
    const { turn, limits } = this.#root
    if (session.recordRequests?.has(command.requestId) === true) {
      const message = `request ${command.requestId} of this session still waits`
      turn.refuse(command, 'INVALID_ARGUMENT', message)
      return true
    }
    if (this.#size < limits.recordWatchesMax) return false
    const message = `the node has ${limits.recordWatchesMax} waits and watches of records`
    turn.refuse(command, 'PRECONDITION_FAILED', message)
    return true
  }

  #park(session: Session, command: WaitRecord | WatchRecords, place: RecordRequest['place']): void {
    const request = new RecordRequest(command, session, place)
    place.requests.append(request)
    session.recordRequests ??= new Map()
    session.recordRequests.set(request.requestId, request)
    this.#size += 1
  }

  #answerWaits(changes: readonly RecordChange[]): void {
    // From the last change back: of a key that a commit changes twice, the last change counts.
    for (let at = changes.length - 1; at >= 0; at--) {
      const change = changes[at]
      const place = change && this.#waits.get(byteText(keyOf(change)))
      if (place === undefined) continue
      const record = change?.kind === 'put' ? change.record : null
      this.#takeAll(place, (asked) => this.#sayRead(asked, record))
    }
  }

  #answerWatches(version: bigint, changes: readonly RecordChange[]): void {
    const { limits } = this.#root
    const concerned: RangePlace[] = []
    for (const change of changes) {
      this.#ranges.visit(byteText(keyOf(change)), (place) => {
        if (place.changes.length === 0) concerned.push(place)
        // One more than is ever told shows that they are too many.
        if (place.changes.length <= limits.rangeRecordsMax) place.changes.push(change)
      })
    }
    for (const place of concerned) {
      const page = new ChangesPage(limits)
      const reset = !page.take(place.changes)
      this.#takeAll(place, (asked) => {
        this.#sayChanged(asked, { changes: page.changes, version, reset })
      })
    }
  }

  /** Answers every request of a place, in the order in which they came. */
  #takeAll(place: RecordRequest['place'], answer: (asked: Asker) => void): void {
    const { requests } = place
    for (let request = requests.first; request !== null; request = requests.first) {
      const { requestId, session } = request
      const { stream } = session
      invariant(stream !== null, 'I-7', session.id)
      this.#takeOut(request)
      answer({ stream, requestId })
    }
  }

  #takeOut(request: RecordRequest): void {
    const { place, session, requestId } = request
    place.requests.remove(request)
    session.recordRequests?.delete(requestId)
    this.#size -= 1
    if (place.requests.size > 0) return
    if (place instanceof KeyPlace) this.#waits.delete(place.key)
    else this.#ranges.remove(place.start, place.end)
  }

  #sayRead({ stream, requestId }: Asker, record: RecordView | null): void {
    this.#root.turn.say({ kind: 'record-read', stream, requestId, record })
  }

  #sayChanged({ stream, requestId }: Asker, found: Found): void {
    this.#root.turn.say({ kind: 'records-changed', stream, requestId, ...found })
  }
}

/** To whom an answer goes. */
interface Asker {
  readonly stream: number
  readonly requestId: bigint
}

function isEmpty({ start, end }: KeyRange): boolean {
  return end !== null && compareBytes(end, start) <= 0
}
