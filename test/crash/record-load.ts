/**
 * Clients that write and read the records of one node until they are told to end, whatever happens to the server; and what must
 * hold of all that they were answered.
 *
 *   writers    make a record of their own, change it by compare-and-set, delete it, make it again: nobody else does, so that none
 *              of it can be refused unless something was done twice, or was lost
 *   couples    write two records in one transaction, over and over
 *   lessees    make three records with a lease in one transaction, release the lease
 *   readers    read all of it
 *   a watcher  keeps a copy of all of it
 */
/* oxlint-disable unicorn/no-thenable -- the list of a transaction, which no `await` takes for a promise */
import { type Client, prefix, type Record, type Storage, type WatchBatch } from 'tenure'
import type { Progress } from '../history/progress.ts'

export interface RecordGround {
  readonly progress: Progress
  /** A connection of its own. */
  connect(): Client
  readonly path: string
}

/** Few, so that they come back together and share frames. */
const CONNECTIONS = 2
const WRITERS = 4
const COUPLES = 2
const LESSEES = 2
const READERS = 2
/** Compare-and-sets between a creation and a deletion. */
const CHANGES = 5
const LEASE_MS = 600_000
const COUPLE = ['one', 'other']
const LEASED = ['one', 'two', 'three']
const EVERYTHING = prefix('')
const LAST = 'the last'

/** One who works there, with what he works by. */
interface Desk {
  readonly storage: Storage
}

export class RecordLoad implements AsyncDisposable {
  readonly breaches: string[] = []
  readonly #ground: RecordGround
  readonly #clients: Client[] = []
  /** Of those who ask and are answered. */
  readonly #desks: Desk[] = []
  readonly #jobs: Promise<unknown>[] = []
  /** What each key is known to have: its latest acknowledged version, or null after a deletion. */
  readonly #known = new Map<string, bigint | null>()
  /** Versions that writes were given: none is given twice. */
  readonly #given = new Set<bigint>()
  #newest = 0n
  /** Who has not been answered in this lap. */
  #behind = new Set<Desk>()
  #lapOver: () => void = () => {}
  #watched: ReadonlyMap<string, bigint> = new Map()
  #isOver = false

  private constructor(ground: RecordGround) {
    this.#ground = ground
  }

  /** Makes the node and sends everybody to work. */
  static async begin(ground: RecordGround): Promise<RecordLoad> {
    const load = new RecordLoad(ground)
    for (let at = 0; at < CONNECTIONS; at += 1) load.#clients.push(ground.connect())
    await load.#clients[0]?.createNode(ground.path)
    load.#employAll()
    return load
  }

  #employAll(): void {
    for (let at = 0; at < WRITERS; at += 1) this.#employ((desk) => this.#write(desk, at))
    for (let at = 0; at < COUPLES; at += 1) this.#employ((desk) => this.#couple(desk, at))
    for (let at = 0; at < LESSEES; at += 1) this.#employ((desk) => this.#lease(desk, at))
    for (let at = 0; at < READERS; at += 1) this.#employ((desk) => this.#read(desk))
    this.#jobs.push(this.#watch(this.#storage()))
  }

  /** Resolves when everybody but the watcher has been answered once more. A call that is not answered for long is given up. */
  lap(): Promise<void> {
    this.#behind = new Set(this.#desks)
    return new Promise((resolve) => {
      this.#lapOver = resolve
    })
  }

  /** Rejects when somebody meets an error that none should meet. */
  get broken(): Promise<unknown> {
    return Promise.all(this.#jobs)
  }

  /** Lets everybody finish, then compares what they know with what is stored. */
  async finish(): Promise<void> {
    this.#isOver = true
    const storage = this.#storage()
    await Promise.all(this.#jobs.slice(0, -1))
    this.#took(LAST, 0n, await storage.put({ key: LAST, value: '' }))
    await Promise.all(this.#jobs)
    const stored = versionsOf(await storage.getRange(EVERYTHING))
    this.#judgeWhole('the end', stored)
    this.#judgeKnown('the end', stored)
    this.#judgeKnown('the watch', this.#watched)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#clients.map((client) => client.close()))
    await Promise.allSettled(this.#jobs)
  }

  /** Each of the next connection. */
  #storage(): Storage {
    const client = this.#clients[this.#jobs.length % CONNECTIONS]
    if (client === undefined) throw new Error('nobody is connected')
    return client.storage(this.#ground.path)
  }

  #employ(part: (desk: Desk) => Promise<void>): void {
    const desk = { storage: this.#storage() }
    this.#desks.push(desk)
    this.#jobs.push(part(desk))
  }

  #answered(desk: Desk): void {
    if (this.#behind.delete(desk) && this.#behind.size === 0) this.#lapOver()
    this.#ground.progress.made()
  }

  /** @param before the newest version when the write was asked for */
  #took(key: string, before: bigint, version: bigint): void {
    this.#tookAll([key], before, version)
  }

  #tookAll(keys: readonly string[], before: bigint, version: bigint): void {
    if (this.#given.has(version)) this.breaches.push(`version ${version} was given twice`)
    if (version <= before) this.breaches.push(`${keys[0]}: ${version} was given after ${before}`)
    this.#given.add(version)
    for (const key of keys) this.#known.set(key, version)
    if (version > this.#newest) this.#newest = version
  }

  async #write(desk: Desk, writer: number): Promise<void> {
    const key = `written by ${writer}`
    while (!this.#isOver) {
      let before = this.#newest
      let version = await desk.storage.create({ key, value: '0' })
      this.#took(key, before, version)
      this.#answered(desk)
      for (let change = 1; change <= CHANGES; change += 1) {
        before = this.#newest
        version = await desk.storage.casByVersion({ key, value: String(change), version })
        this.#took(key, before, version)
        this.#answered(desk)
      }
      if (this.#isOver) return
      await desk.storage.delete(key, { ifVersion: version })
      this.#known.set(key, null)
      this.#answered(desk)
    }
  }

  async #couple(desk: Desk, couple: number): Promise<void> {
    const keys = COUPLE.map((name) => `couple ${couple}: ${name}`)
    for (let round = 0; !this.#isOver; round += 1) {
      const value = String(round)
      const before = this.#newest
      const then = keys.map((key) => ({ kind: 'put', key, value }) as const)
      const { version } = await desk.storage.transact({ then })
      this.#tookAll(keys, before, version)
      this.#answered(desk)
    }
  }

  async #lease(desk: Desk, lessee: number): Promise<void> {
    for (let round = 0; !this.#isOver; round += 1) {
      const lease = await desk.storage.lessor.newLease(LEASE_MS)
      const keys = LEASED.map((name) => `leased ${lessee}.${round}: ${name}`)
      const before = this.#newest
      const then = keys.map((key) => ({ kind: 'put', key, value: '', lease }) as const)
      const { version } = await desk.storage.transact({ then })
      this.#tookAll(keys, before, version)
      this.#answered(desk)
      if (this.#isOver) return
      await lease.release()
      for (const key of keys) this.#known.set(key, null)
      this.#answered(desk)
    }
  }

  async #read(desk: Desk): Promise<void> {
    while (!this.#isOver) {
      const floor = new Map(this.#known)
      const records = await desk.storage.getRange(EVERYTHING)
      const found = versionsOf(records)
      for (const [key, version] of floor) {
        // Deleted since, perhaps; but never as it was before.
        const now = found.get(key)
        if (now === undefined || version === null) continue
        if (now < version) this.breaches.push(`${key} was read at ${now}, known at ${version}`)
      }
      this.#judgeWhole('a range', found)
      this.#answered(desk)
    }
  }

  async #watch(storage: Storage): Promise<void> {
    const copy = new Map<string, bigint>()
    let version = 0n
    for await (const batch of storage.watch(EVERYTHING)) {
      if (batch.version < version) this.breaches.push(`watched ${batch.version} after ${version}`)
      version = batch.version
      follow(copy, batch)
      this.#judgeWhole('the watch', copy)
      if (copy.has(LAST)) break
    }
    this.#watched = copy
  }

  #judgeKnown(what: string, found: ReadonlyMap<string, bigint>): void {
    for (const [key, version] of this.#known) {
      const now = found.get(key) ?? null
      if (now !== version) this.breaches.push(`${what}: ${key} has ${now}, not ${version}`)
    }
    for (const key of found.keys()) {
      if (!this.#known.has(key)) this.breaches.push(`${what}: nobody has made ${key}`)
    }
  }

  /** What is written in one commit is there as a whole or not at all. */
  #judgeWhole(what: string, found: ReadonlyMap<string, bigint>): void {
    for (const [key, version] of found) {
      const [whole, part] = key.split(': ')
      if (part === undefined) continue
      for (const name of key.startsWith('couple') ? COUPLE : LEASED) {
        const other = found.get(`${whole}: ${name}`)
        if (other !== version) this.breaches.push(`${what}: ${key} at ${version}, ${name} ${other}`)
      }
    }
  }
}

function versionsOf(records: readonly Record[]): Map<string, bigint> {
  return new Map(records.map(({ key, version }) => [String(key), version]))
}

function follow(copy: Map<string, bigint>, batch: WatchBatch): void {
  if (batch.kind !== 'changes') {
    copy.clear()
    for (const [key, version] of versionsOf(batch.records)) copy.set(key, version)
    return
  }
  for (const change of batch.changes) {
    if (change.kind === 'put') copy.set(String(change.record.key), change.record.version)
    else copy.delete(String(change.key))
  }
}
