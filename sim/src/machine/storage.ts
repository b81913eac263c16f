/**
 * The engine of a run: one durable truth, and for each process a door to it that is slow, fails, and dies with the process.
 *
 * What a commit in flight comes to is decided when it reaches the storage: a process that has died meanwhile may have
 * written or not, and one that hears of a failure may have written all the same.
 */
import { EngineError, FencedError, FullError } from '@tenure/engine'
import type { Cut, Engine, KeyRange, Ownership, OwnerInfo, Partition } from '@tenure/engine'
import { openMemoryEngine } from '@tenure/engine/memory'
import type { Entry, WriteSet } from '@tenure/kernel'
import type { Marks } from '../report/marks.ts'
import type { Random } from '../random.ts'
import type { Process } from './process.ts'
import type { Schedule } from './schedule.ts'

/** How the storage is at present. */
export interface Health {
  delayMs: number
  slowShare: number
  slowMs: number
  /** Commits that fail and wrote nothing. */
  lostShare: number
  /** Commits that fail and were written all the same. */
  unknownShare: number
  /** Claims, scans and looks that fail. */
  deafShare: number
  isFull: boolean
  /** What is read takes up to so much longer: it is not in the storage's memory. */
  coldMs: number
  /** Of a commit; small ones make the host commit large steps in pieces. */
  operationsMax: number
}

export interface StoragePorts {
  readonly schedule: Schedule
  readonly random: Random
  readonly marks: Marks
  /** Somebody has claimed a partition. */
  claimed(partition: string, owner: OwnerInfo): void
  /** A commit of a process has taken effect, whatever the process hears of it. */
  written(process: Process, writes: WriteSet): void
}

/** Whether what a dead process had sent off still takes effect. */
const LAST_WORDS_SHARE = 0.5
/** As the kernel's `rows/keys.ts` has it. */
const RECORD_TAG = 0x30

export class Storage {
  readonly health: Health = {
    delayMs: 0.3,
    slowShare: 0,
    slowMs: 0,
    lostShare: 0,
    unknownShare: 0,
    deafShare: 0,
    isFull: false,
    coldMs: 0,
    operationsMax: 10_000,
  }
  readonly truth: Engine = openMemoryEngine()
  readonly ports: StoragePorts

  constructor(ports: StoragePorts) {
    this.ports = ports
  }

  engineOf(process: Process): Engine {
    return new StorageDoor(this, process)
  }

  /** Takes a partition away from whoever has it, as another server would. */
  async steal(partition: string): Promise<void> {
    await this.truth.claim(partition, { id: 'thief', address: '' })
    this.ports.claimed(partition, { id: 'thief', address: '' })
  }

  /** Of a read, beyond the way there. */
  readMs(): number {
    const { coldMs } = this.health
    return coldMs === 0 ? 0 : this.ports.random.fraction() * coldMs
  }

  delayMs(): number {
    const { delayMs, slowShare, slowMs } = this.health
    const { random } = this.ports
    return random.fraction() * (random.chance(slowShare) ? slowMs : delayMs)
  }
}

/** One process's way to the storage. */
class StorageDoor implements Engine {
  readonly name = 'simulated'
  readonly durable = true
  readonly #storage: Storage
  readonly #process: Process
  #isClaiming = false

  constructor(storage: Storage, process: Process) {
    this.#storage = storage
    this.#process = process
    process.onCrash(() => {
      if (this.#isClaiming) storage.ports.marks.reached('crash during a claim')
    })
  }

  async claim(partition: string, owner: OwnerInfo): Promise<Partition> {
    this.#isClaiming = true
    try {
      return await this.#claim(partition, owner)
    } finally {
      this.#isClaiming = false
    }
  }

  async #claim(partition: string, owner: OwnerInfo): Promise<Partition> {
    await this.#reach()
    const { truth, ports, health } = this.#storage
    if (health.isFull) throw new FullError('no room')
    const claim = await truth.claim(partition, owner)
    ports.claimed(partition, owner)
    await this.#reach()
    return new PartitionDoor(this.#storage, this.#process, claim)
  }

  async ownerOf(partition: string): Promise<Ownership | null> {
    await this.#reach()
    return this.#storage.truth.ownerOf(partition)
  }

  async *partitions(prefix: string): AsyncIterable<string> {
    await this.#reach()
    yield* this.#storage.truth.partitions(prefix)
  }

  async peek(partition: string, key: Uint8Array): Promise<Uint8Array | undefined> {
    await this.#reach()
    return this.#storage.truth.peek(partition, key)
  }

  async cut(): Promise<Cut> {
    await this.#reach()
    return this.#storage.truth.cut()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #reach(): Promise<void> {
    return reach(this.#storage, this.#process)
  }
}

class PartitionDoor implements Partition {
  readonly epoch: bigint
  readonly #storage: Storage
  readonly #process: Process
  readonly #claim: Partition
  #isClosed = false

  constructor(storage: Storage, process: Process, claim: Partition) {
    this.epoch = claim.epoch
    this.#storage = storage
    this.#process = process
    this.#claim = claim
  }

  get limits(): Partition['limits'] {
    const { operationsMax } = this.#storage.health
    return { ...this.#claim.limits, maxOperations: operationsMax, batchOperations: operationsMax }
  }

  async *scan(range: KeyRange): AsyncIterable<Entry> {
    let isReading = true
    this.#process.onCrash(() => {
      if (isReading) this.#marks.reached('crash during a scan')
    })
    try {
      await reach(this.#storage, this.#process, this.#storage.readMs())
    } finally {
      isReading = false
    }
    yield* this.#claim.scan(range)
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    await reach(this.#storage, this.#process)
    if (key[0] === RECORD_TAG) this.#marks.reached('a value is read back')
    return this.#claim.get(key)
  }

  commit(writes: WriteSet): Promise<void> {
    this.#process.touch()
    return new Promise((resolve, reject) => {
      if (this.#isClosed) reject(new EngineError('the partition is closed'))
      else if (this.#process.alive) this.#later(() => this.#arrive(writes, { resolve, reject }))
    })
  }

  async confirm(): Promise<void> {
    await reach(this.#storage, this.#process)
    try {
      await this.#claim.confirm()
    } catch (error) {
      if (error instanceof FencedError) this.#marks.reached('fenced at a confirm')
      throw error
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    return Promise.resolve()
  }

  get #marks(): Marks {
    return this.#storage.ports.marks
  }

  #later(act: () => void): void {
    this.#storage.ports.schedule.after(this.#storage.delayMs(), act)
  }

  /** The writes reach the storage. */
  #arrive(writes: WriteSet, caller: Caller): void {
    const { health, ports } = this.#storage
    const { random } = ports
    if (writes.length >= health.operationsMax) this.#marks.reached('a commit that fills its room')
    if (!this.#process.alive) {
      const isKept = random.chance(LAST_WORDS_SHARE)
      this.#marks.reached(isKept ? 'crash after a write' : 'crash before a write')
      if (!isKept) return
    }
    if (this.#process.paused) this.#marks.reached('a commit of a paused host')
    const chance = random.fraction()
    if (health.isFull) {
      this.#marks.reached('a commit without room')
      this.#answer(() => caller.reject(new FullError('no room')))
    } else if (chance < health.lostShare) {
      this.#marks.reached('a commit that was lost')
      this.#answer(() => caller.reject(new EngineError('lost before it was written')))
    } else {
      const isUnknown = chance < health.lostShare + health.unknownShare
      void this.#write(writes, isUnknown, caller)
    }
  }

  async #write(writes: WriteSet, isUnknown: boolean, caller: Caller): Promise<void> {
    try {
      await this.#claim.commit(writes)
    } catch (error) {
      this.#marks.reached('fenced at a commit')
      this.#answer(() => caller.reject(error))
      return
    }
    this.#storage.ports.written(this.#process, writes)
    if (isUnknown) {
      this.#marks.reached('a commit with an unknown end')
      this.#answer(() => caller.reject(new EngineError('lost after it was written')))
    } else this.#answer(() => caller.resolve())
  }

  #answer(tell: () => void): void {
    this.#later(() => this.#process.input(tell))
  }
}

interface Caller {
  resolve(): void
  reject(error: unknown): void
}

/** A question on its way to the storage. Never settles for a process that has died. */
function reach(storage: Storage, process: Process, longerMs: number = 0): Promise<void> {
  process.touch()
  const { schedule, random } = storage.ports
  const isDeaf = random.chance(storage.health.deafShare)
  return new Promise((resolve, reject) => {
    schedule.after(storage.delayMs() + longerMs, () => {
      process.input(() => {
        if (isDeaf) storage.ports.marks.reached('a storage that does not answer')
        if (isDeaf) reject(new EngineError('the storage cannot be reached'))
        else resolve()
      })
    })
  })
}
