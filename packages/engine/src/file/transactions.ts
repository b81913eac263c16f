/** LMDB's write transactions, one after the other. */
import type { RootDatabase } from 'lmdb'
import { EngineError, FullError } from '../errors.ts'
import { failureOf } from './failure.ts'
import type { Inspection } from './inspection.ts'
import type { Pace } from './pace.ts'

/** After so many transactions it is looked whether a reader has died: what it read would be kept for ever. */
const READERS_CHECKED_EVERY = 256

export interface Transaction {
  /** Runs just before. An error of it fails the transaction. */
  readonly prepare?: () => void
  /** Runs inside. When it throws nothing is written. */
  readonly apply: () => void
  /** Nobody waits for it: the sync of the disk is left to another thread. */
  readonly isPatient?: boolean
}

export interface TransactionsParts {
  readonly database: RootDatabase<Buffer, Uint8Array>
  readonly place: string
  readonly inspection: Inspection
  readonly pace: Pace
}

export class Transactions {
  readonly #parts: TransactionsParts
  #last: Promise<void> = Promise.resolve()
  #failure: EngineError | null = null
  #done = 0

  constructor(parts: TransactionsParts) {
    this.#parts = parts
  }

  /**
   * Resolves when it is on disk.
   *
   * @throws FullError when there is no room: nothing was written, and it may succeed later
   * @throws EngineError otherwise: whether it was written is unknown
   */
  run(transaction: Transaction): Promise<void> {
    const run = this.#last.then(() => this.#run(transaction))
    this.#last = run.catch(() => undefined)
    return run
  }

  /** Nothing is written any more. */
  fail(failure: EngineError): void {
    this.#failure ??= failure
  }

  async #run(transaction: Transaction): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    const { database, place, inspection } = this.#parts
    try {
      transaction.prepare?.()
      await this.#commit(transaction)
      this.#done += 1
      if (this.#done % READERS_CHECKED_EVERY === 0) database.readerCheck()
      inspection.moved()
    } catch (error) {
      const failure = this.#judged(await failureOf(place, error))
      if (!(failure instanceof FullError)) this.fail(failure)
      throw failure
    }
  }

  /**
   * Without room nothing was written, as long as the meta page was not touched. When it is the meta page that fails, which a file system
   * that copies on write can do, its state is unknown, and LMDB begins no transaction any more.
   */
  #judged(failure: EngineError): EngineError {
    if (!(failure instanceof FullError)) return failure
    const { database, place } = this.#parts
    try {
      database.useReadTransaction().done()
      return failure
    } catch {
      return new EngineError(`the store ${place} failed: no room for its meta page`, {
        cause: failure,
      })
    }
  }

  async #commit({ apply, isPatient = false }: Transaction): Promise<void> {
    const { database, pace } = this.#parts
    if (isPatient || !pace.mayBlock()) {
      // On LMDB's thread only a child transaction is undone when it throws.
      await database.childTransaction(apply)
      return
    }
    const startedMs = performance.now()
    database.transactionSync(apply)
    pace.blocked(performance.now() - startedMs)
  }
}
