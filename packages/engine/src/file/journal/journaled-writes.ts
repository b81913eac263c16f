/**
 * What keeps commits: first the journal, then LMDB.
 *
 * The journal is begun by the first commit and removed at the end, so a closed store is LMDB's file alone. In between both together say all that was acknowledged (I-32).
 */
import { randomInt } from 'node:crypto'
import { EngineError, FullError } from '../../errors.ts'
import { failureOf } from '../failure.ts'
import type { JournalMark } from '../layout.ts'
import type { Pace } from '../pace.ts'
import type { Store } from '../store.ts'
import type { Transactions } from '../transactions.ts'
import { checkpoint, checkpointAtOnce } from './checkpoint.ts'
import { GROUP_BYTES_MAX, Journal } from './journal.ts'
import { readJournal, removeJournal } from './leftover.ts'

const GENERATIONS = 2 ** 32

export interface JournaledWritesParts {
  readonly place: string
  readonly store: Store
  readonly transactions: Transactions
  readonly pace: Pace
}

export class JournaledWrites {
  readonly #parts: JournaledWritesParts
  #journal: Journal | null = null
  /** Up to where LMDB has the journal when what is on its way has arrived. */
  #applied = 0
  /** The way of what is on its way; why it did not arrive, or null. */
  #moving: Promise<EngineError | null> = Promise.resolve(null)
  /** Whether there was no room for it. */
  #isStuck = false
  #failed: (failure: EngineError) => void = () => undefined

  constructor(parts: JournaledWritesParts) {
    this.#parts = parts
  }

  /** @param failed hears of what fails while nobody waits for it: what is on disk is unknown */
  onFailure(failed: (failure: EngineError) => void): void {
    this.#failed = failed
  }

  /**
   * Moves to LMDB what a journal says that was in use when its process ended. As long as there is no room for that, it goes on with this journal.
   *
   * @throws DamagedError when some of it was lost
   */
  async recover(mark: JournalMark | null): Promise<void> {
    const { place } = this.#parts
    if (mark === null) {
      removeJournal(place)
      return
    }
    this.#reopen(mark)
    try {
      await this.end()
    } catch (error) {
      if (!(error instanceof FullError)) throw error
    }
  }

  /** On disk when it resolves. Only after the one before. */
  async append(group: Buffer): Promise<void> {
    if (group.length > GROUP_BYTES_MAX) {
      await this.rest()
      await checkpointAtOnce(group, this.#parts)
      return
    }
    this.#journal ??= await this.#begin()
    // What is small might find room in the journal still, and would tell everybody that there is room.
    if (this.#isStuck) await this.#arrival()
    await this.#makeRoom(this.#journal, group)
    try {
      await this.#journal.append(group)
    } catch (error) {
      throw await this.#doubted(await failureOf(this.#parts.place, error))
    }
    this.#parts.store.pending.absorb(group)
  }

  /** Resolves when LMDB has all that was appended. */
  async rest(): Promise<void> {
    const journal = this.#journal
    if (journal === null) return
    await this.#arrival()
    this.#move(journal)
    await this.#arrival()
    journal.rewind()
  }

  /** The same, and then there is no journal any more. */
  async end(): Promise<void> {
    const { place, store, transactions } = this.#parts
    const journal = this.#journal
    if (journal === null) return
    await this.rest()
    await transactions.run({ apply: () => store.putHeader(null) })
    await this.close()
    removeJournal(place)
  }

  /** Leaves the journal as it is, for whoever opens the store next. Nothing is written when it resolves. */
  async close(): Promise<void> {
    await this.#moving
    this.#journal?.close()
    this.#journal = null
  }

  #reopen({ generation, applied }: JournalMark): void {
    const { place, store, pace } = this.#parts
    const [older, newer] = readJournal(place, { generation, applied })
    if (older === undefined || newer === undefined) throw new RangeError('a journal has two files')
    for (const group of older.groups) store.pending.absorb(group)
    store.pending.move()
    for (const group of newer.groups) store.pending.absorb(group)
    this.#applied = applied + older.groups.length
    const sequence = this.#applied + newer.groups.length
    this.#journal = Journal.reopen({ place, generation, pace }, { older, newer, sequence })
    this.#moving = this.#run(this.#journal)
  }

  async #begin(): Promise<Journal> {
    const { place, store, transactions } = this.#parts
    const journal = await this.#create()
    const { generation } = journal
    try {
      await transactions.run({ apply: () => store.putHeader({ generation, applied: 0 }) })
      return journal
    } catch (error) {
      journal.close()
      // When that is not known LMDB may need the journal.
      if (error instanceof FullError) removeJournal(place)
      throw error
    }
  }

  async #create(): Promise<Journal> {
    const { place, pace } = this.#parts
    try {
      return await Journal.create({ place, generation: randomInt(GENERATIONS), pace })
    } catch (error) {
      removeJournal(place)
      throw error
    }
  }

  async #makeRoom(journal: Journal, group: Buffer): Promise<void> {
    if (journal.hasRoom(group)) return
    await this.#arrival()
    await journal.turnOver(group)
    this.#move(journal)
  }

  #move(journal: Journal): void {
    this.#parts.store.pending.move()
    this.#applied = journal.sequence
    this.#moving = this.#run(journal)
  }

  /** What is on its way has arrived. @throws EngineError when it does not */
  async #arrival(): Promise<void> {
    const failure = await this.#moving
    if (failure === null) return
    if (!(failure instanceof FullError)) throw failure
    // There was no room for it then.
    if (this.#journal !== null) this.#moving = this.#run(this.#journal)
    const again = await this.#moving
    if (again !== null) throw again
  }

  async #run({ generation }: Journal): Promise<EngineError | null> {
    const { place, store } = this.#parts
    try {
      await checkpoint(store.pending.moving, { generation, applied: this.#applied }, this.#parts)
      store.pending.arrived()
      this.#isStuck = false
      return null
    } catch (error) {
      const failure = await failureOf(place, error)
      this.#isStuck = failure instanceof FullError
      if (!this.#isStuck) this.#failed(failure)
      return failure
    }
  }

  /**
   * Without room nothing was written, or so the disk says; but who reads the journal later may find the group in it. So it is given up.
   *
   * @returns what is to be said of the group
   */
  async #doubted(failure: EngineError): Promise<EngineError> {
    if (!(failure instanceof FullError)) return failure
    try {
      await this.end()
      return failure
    } catch (error) {
      const what = `the store ${this.#parts.place} failed: no room for its journal`
      return new EngineError(what, { cause: error })
    }
  }
}
