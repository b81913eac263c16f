/** All partitions in one LMDB environment in a directory of its own, used by one process at a time. */
import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { open } from 'lmdb'
import type { Engine, Ownership, OwnerInfo, Partition } from '../engine.ts'
import { EngineError } from '../errors.ts'
import { damaged, failureOf } from './failure.ts'
import { FilePartition } from './file-partition.ts'
import { HolderLock } from './holder-lock.ts'
import { checkMarker, leaveMarker, syncFile } from './marker.ts'
import { pageDamage } from './page-check.ts'
import { Pace } from './pace.ts'
import { Store } from './store.ts'
import type { Database } from './store.ts'
import { WriteQueue } from './write-queue.ts'

export interface FileEngineOptions {
  /** Where this process can be reached, told to others that try to open the store. */
  readonly address?: string
  /**
   * The longest that a write transaction may hold up the event loop, on average; 4 ms by default. While the disk is slower, and
   * always with 0, transactions run on another thread, which costs some throughput.
   */
  readonly blockingMaxMs?: number
}

const DATA_FILE = 'data.mdb'

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
): Promise<Engine> {
  const place = prepare(directory)
  const lock = await HolderLock.take(place, options.address ?? '')
  try {
    checkPages(place)
    const database = openDatabase(place)
    const store = new Store(database, place)
    try {
      await store.open()
      leaveMarker(place)
    } catch (error) {
      await database.close()
      throw error
    }
    const pace = new Pace(options.blockingMaxMs)
    return new FileEngine({ directory, place, database, store, lock, pace })
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

/** @throws DamagedError when LMDB could not be trusted with the file */
function checkPages(place: string): void {
  checkMarker(place, DATA_FILE)
  const path = join(place, DATA_FILE)
  const damage = existsSync(path) ? pageDamage(path) : null
  if (damage !== null) throw damaged(place, `${DATA_FILE}: ${damage}`)
}

function openDatabase(place: string): Database {
  return open<Buffer, Uint8Array>(join(place, DATA_FILE), {
    keyEncoding: 'binary',
    encoding: 'binary',
    cache: false,
    compression: false,
    // Without this the promise of a transaction resolves before its pages are synced.
    overlappingSync: false,
    // With it LMDB makes promises of its own that nobody handles: a full disk would end the process.
    eventTurnBatching: false,
  })
}

interface Parts {
  readonly directory: string
  readonly place: string
  readonly database: Database
  readonly store: Store
  readonly lock: HolderLock
  readonly pace: Pace
}

class FileEngine implements Engine {
  readonly name: string
  readonly durable = true
  readonly #parts: Parts
  readonly #queue: WriteQueue
  readonly #assertOpen = (): void => this.#check()
  #closing: Promise<void> | null = null

  constructor(parts: Parts) {
    this.name = `file ${parts.directory}`
    this.#parts = parts
    this.#queue = new WriteQueue(parts.database, parts.place, parts.pace)
  }

  get failed(): AbortSignal {
    return this.#queue.failed
  }

  async claim(partition: string, owner: OwnerInfo): Promise<Partition> {
    this.#check()
    const { store } = this.#parts
    // A name that cannot be is refused here: inside the transaction it would fail the jobs of others too.
    await this.#read(() => store.ownership(partition))
    let claimed = { number: 0, epoch: 0n }
    await this.#queue.write(() => {
      claimed = store.claim(partition, owner)
    })
    this.#check()
    await this.#read(() => store.verify(partition, claimed.number))
    return new FilePartition({ name: partition, ...claimed }, store, this.#queue, this.#assertOpen)
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

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    await this.#queue.drained()
    await this.#parts.database.close()
    await this.#parts.lock.release()
  }

  async #read<Result>(read: () => Result): Promise<Result> {
    try {
      return read()
    } catch (error) {
      if (error instanceof RangeError) throw error
      throw await failureOf(this.#parts.place, error)
    }
  }

  #check(): void {
    if (this.#closing !== null) throw new EngineError(`the engine ${this.name} is closed`)
    this.failed.throwIfAborted()
  }
}
