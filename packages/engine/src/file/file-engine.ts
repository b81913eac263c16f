/** All partitions in one LMDB environment in a directory of its own, used by one process at a time. */
import { mkdirSync, realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Cut, Engine, Ownership, OwnerInfo, Partition } from '../engine.ts'
import { EngineError } from '../errors.ts'
import { CutDoor } from './cut-door.ts'
import { failureOf } from './failure.ts'
import { FileCut } from './file-cut.ts'
import { FilePartition } from './file-partition.ts'
import { HolderLock } from './holder-lock.ts'
import { DEFAULT_INSPECTION_LIMITS, Inspection } from './inspection.ts'
import type { InspectionLimits } from './inspection.ts'
import { checkMarker, leaveMarker, syncFile } from './marker.ts'
import { DATA_FILE, openDatabase } from './open-database.ts'
import type { Database } from './open-database.ts'
import { JournaledWrites } from './journal/journaled-writes.ts'
import { Pace } from './pace.ts'
import type { Snapshot } from './snapshot.ts'
import { Store } from './store.ts'
import { Transactions } from './transactions.ts'
import { WriteQueue } from './write-queue.ts'

export interface FileEngineOptions {
  /** Where this process can be reached, told to others that try to open the store. */
  readonly address?: string
  /**
   * The longest that a write transaction may hold up the event loop, on average; 4 ms by default. While the disk is slower, and
   * always with 0, transactions run on another thread, which costs some throughput.
   */
  readonly blockingMaxMs?: number
  /** What is checked before it is used; what is larger is checked while it is. */
  readonly inspected?: InspectionLimits
}

export interface FileEngine extends Engine {
  /**
   * Resolves when all that was stored at the opening has been checked, or will not be any more, because the engine is closed or failed.
   * Damage is told by `failed`, or by the calls of the partition that has it.
   */
  readonly inspected: Promise<void>
}

/**
 * Opens the store in `directory`, making it when it is absent.
 *
 * @throws HeldError when a process (this one too) has it open
 * @throws DamagedError when it fails its checks
 * @throws EngineError when the directory cannot be used
 */
export async function openFileEngine(
  directory: string,
  options: FileEngineOptions = {},
): Promise<FileEngine> {
  const place = prepare(directory)
  const lock = await HolderLock.take(place, options.address ?? '')
  try {
    checkMarker(place, DATA_FILE)
    const limits = options.inspected ?? DEFAULT_INSPECTION_LIMITS
    const inspection = await Inspection.begin(place, DATA_FILE, limits)
    const database = openDatabase(place, { isLarge: inspection.isPending, isReadOnly: false })
    const store = new Store(database, place, inspection)
    const transactions = new Transactions({
      database,
      place,
      inspection,
      pace: new Pace(options.blockingMaxMs),
    })
    const writes = new JournaledWrites({
      place,
      store,
      transactions,
      pace: new Pace(options.blockingMaxMs),
    })
    try {
      const journal = await store.open()
      leaveMarker(place)
      await writes.recover(journal)
    } catch (error) {
      await writes.close()
      await inspection.close()
      await database.close()
      throw error
    }
    return new OpenFileEngine({
      directory,
      place,
      database,
      store,
      inspection,
      lock,
      transactions,
      writes,
    })
  } catch (error) {
    await lock.release()
    throw await failureOf(place, error)
  }
}

function prepare(directory: string): string {
  try {
    const made = mkdirSync(directory, { recursive: true, mode: 0o700 })
    if (made !== undefined) syncNames(resolve(directory), resolve(made))
    return realpathSync(directory)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new EngineError(`the store cannot be kept in ${directory}: ${reason}`, { cause })
  }
}

/** The name of a directory is content of its parent: so it is for all from `first`, which was made for `last`, on. */
function syncNames(last: string, first: string): void {
  for (let at = last; at.startsWith(first); at = dirname(at)) syncFile(dirname(at))
}

interface Parts {
  readonly directory: string
  readonly place: string
  readonly database: Database
  readonly store: Store
  readonly inspection: Inspection
  readonly lock: HolderLock
  readonly transactions: Transactions
  readonly writes: JournaledWrites
}

class OpenFileEngine implements FileEngine {
  readonly name: string
  readonly durable = true
  readonly inspected: Promise<void>
  readonly #parts: Parts
  readonly #queue: WriteQueue
  readonly #assertOpen = (): void => this.#check()
  readonly #cuts = new Set<FileCut>()
  readonly #door = new CutDoor(() => this.#atRest((snapshot) => snapshot))
  #closing: Promise<void> | null = null

  constructor(parts: Parts) {
    this.name = `file ${parts.directory}`
    this.#parts = parts
    this.#queue = new WriteQueue(parts)
    parts.lock.receive((visitor) => this.#door.visit(visitor))
    parts.inspection.onFailure((failure) => this.#queue.fail(failure))
    this.inspected = parts.inspection.rest()
  }

  get failed(): AbortSignal {
    return this.#queue.failed
  }

  async claim(partition: string, owner: OwnerInfo, above = 0n): Promise<Partition> {
    this.#check()
    const { store, inspection } = this.#parts
    // A name that cannot be is refused here: inside the transaction it would fail the jobs of others too.
    await this.#read(() => store.ownership(partition))
    let claimed = { name: partition, number: 0, epoch: 0n }
    await this.#queue.transact({
      apply: () => {
        claimed = store.claim(partition, owner, above)
      },
      applied: () => store.claimed(claimed, owner),
    })
    this.#check()
    const regions = await inspection.claiming(claimed.number)
    this.#check()
    if (regions !== null) {
      await this.#queue.transact({ apply: () => store.putRegions(claimed, regions) })
    }
    return new FilePartition(claimed, store, this.#queue, this.#assertOpen)
  }

  async ownerOf(partition: string): Promise<Ownership | null> {
    this.#check()
    return this.#read(() => this.#parts.store.ownership(partition))
  }

  async *partitions(prefix: string): AsyncIterable<string> {
    this.#check()
    for (const name of this.#parts.store.names(prefix)) {
      yield name
      this.#check()
    }
  }

  async peek(partition: string, key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#check()
    const { store } = this.#parts
    return this.#read(() => {
      const number = store.numberOf(partition)
      return number === null ? undefined : store.get(partition, number, key)
    })
  }

  async cut(): Promise<Cut> {
    this.#check()
    const { place } = this.#parts
    return this.#atRest((snapshot) => {
      const cut: FileCut = new FileCut(snapshot, place, () => void this.#cuts.delete(cut))
      // At once, so that whoever closes the engine now finds it.
      this.#cuts.add(cut)
      return cut
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    await this.#queue.drained()
    await this.#endWrites()
    // LMDB must not be closed while a transaction is still read from.
    await this.#door.close()
    await Promise.all(Array.from(this.#cuts, (cut) => cut.close()))
    this.#parts.store.close()
    await this.#parts.inspection.close()
    await this.#parts.database.close()
    await this.#parts.lock.release()
  }

  /** What cannot be moved to LMDB now stays in the journal. */
  async #endWrites(): Promise<void> {
    const { writes } = this.#parts
    try {
      if (!this.failed.aborted) await writes.end()
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
    } finally {
      await writes.close()
    }
  }

  async #read<Result>(read: () => Result): Promise<Result> {
    try {
      return read()
    } catch (error) {
      if (error instanceof RangeError) throw error
      throw await failureOf(this.#parts.place, error)
    }
  }

  /** Does `work` with all rows at one moment, when LMDB has all of them. */
  async #atRest<Result>(work: (snapshot: Snapshot) => Result): Promise<Result> {
    this.#check()
    const done: Result[] = []
    await this.#queue.atRest(() => done.push(work(this.#parts.store.snapshot())))
    const [result] = done
    if (result === undefined) throw new EngineError(`the engine ${this.name} takes no cut`)
    return result
  }

  #check(): void {
    if (this.#closing !== null) throw new EngineError(`the engine ${this.name} is closed`)
    this.failed.throwIfAborted()
  }
}
