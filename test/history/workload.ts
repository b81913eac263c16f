/**
 * Twenty clients that use one coordination node in every way until they are told to end, whatever happens to the server.
 *
 *   contenders   take one to three units of semaphores with limit 3, and locks that need no making
 *   writers      write 1, 2, 3, … into a semaphore of their own
 *   makers       make semaphores, change them, delete every other one
 *   readers      describe everything, over and over
 *   watchers     watch the writers' values
 *   mediums      call ghosts: sessions that come, hold something ephemeral, and go
 *   the keeper   holds one thing all the time
 *
 * The data of each semaphore have one writer: a client sends an update again whose answer was lost, and what another had written
 * in between would be written over.
 */
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Client } from 'tenure'
import type { RecordedLease, RecordedSession, Recorder } from './recorder.ts'

/** Sessions must outlive a siege: a client may come each time just when the server is dead. */
const TIMEOUT_MS = 300_000
const POOLS = ['pool 1', 'pool 2']
const POOL_LIMIT = 3
const POOL_CONTENDERS = 3
const LOCKS = ['lock 1', 'lock 2']
const LOCK_CONTENDERS = 2
const WRITERS = 3
const MAKERS = 2
const READERS = 2
const WATCHERS = 2
const MEDIUMS = 1
const LOOKS_BETWEEN_GHOSTS = 10
/** So many latest semaphores of each maker are looked at. */
const MADE_LOOKED_AT = 8
/** Whoever takes all units of an ephemeral semaphore has a lock. */
const ALL_UNITS = Infinity
/** Everybody is done so soon after being told, or never. */
const FINISH_MAX_MS = 60_000
/** What the writers write last. */
const LAST = 'last'

export interface Ground {
  readonly recorder: Recorder
  /** A connection of its own for each. */
  readonly connect: () => Client
  readonly path: string
  readonly random: () => number
}

type Part = (session: RecordedSession) => Promise<void>

export class Workload implements AsyncDisposable {
  readonly #ground: Ground
  readonly #stop = new AbortController()
  readonly #clients: Client[] = []
  readonly #jobs: Promise<void>[] = []
  readonly #atWork = new Set<string>()
  readonly #made: string[] = []
  #keeper: { readonly session: RecordedSession; readonly lease: RecordedLease } | null = null

  private constructor(ground: Ground) {
    this.#ground = ground
  }

  /** Makes the node and sends everybody to work. */
  static async start(ground: Ground): Promise<Workload> {
    const workload = new Workload(ground)
    await workload.#prepare()
    workload.#begin()
    return workload
  }

  /** Settles only while everybody should be at work: rejects when a client meets an error that none should. */
  get broken(): Promise<unknown> {
    return Promise.all(this.#jobs)
  }

  /**
   * Lets everybody finish what they do, then looks at all there is.
   *
   * @throws when somebody does not come to an end, as after a change that was never told
   */
  async finish(): Promise<void> {
    this.#stop.abort()
    const tooLate = setTimeout(FINISH_MAX_MS, null, { ref: false }).then(() => {
      throw new Error(`still at work after ${FINISH_MAX_MS} ms: ${[...this.#atWork].join(', ')}`)
    })
    await Promise.race([Promise.all(this.#jobs), tooLate])
    const session = await this.#open('judge', this.#connect())
    for (const object of this.#objects(Infinity)) await session.describe(object)
    await this.#keeper?.lease.release()
    await session.describe('kept')
    await session.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#clients.map((client) => client.close()))
    await Promise.allSettled(this.#jobs)
  }

  async #prepare(): Promise<void> {
    const client = this.#connect()
    await client.createNode(this.#ground.path)
    const session = await this.#open('keeper', client)
    for (const pool of POOLS) await session.create(pool, POOL_LIMIT, '')
    const lease = await session.acquire('kept', ALL_UNITS, true)
    if (lease === null) throw new Error('the keeper was refused')
    this.#keeper = { session, lease }
  }

  #begin(): void {
    for (const pool of times(POOL_CONTENDERS, POOLS)) {
      this.#employ(`contender of ${pool}`, (session) => this.#contend(session, pool, false))
    }
    for (const lock of times(LOCK_CONTENDERS, LOCKS)) {
      this.#employ(`contender of ${lock}`, (session) => this.#contend(session, lock, true))
    }
    for (const own of this.#written())
      this.#employ('writer', (session) => this.#write(session, own))
    for (let at = 0; at < MAKERS; at += 1) this.#employ('maker', (session) => this.#make(session))
    for (let at = 0; at < READERS; at += 1) this.#employ('reader', (session) => this.#read(session))
    for (let at = 0; at < WATCHERS; at += 1) {
      this.#employ('watcher', (session) => this.#watch(session))
    }
    for (let at = 0; at < MEDIUMS; at += 1) {
      this.#employ('medium', (session) => this.#haunt(session))
    }
  }

  #written(): string[] {
    return Array.from({ length: WRITERS }, (_, at) => `written ${at}`)
  }

  #objects(latest: number): string[] {
    return [...POOLS, ...LOCKS, 'kept', ...this.#written(), ...this.#made.slice(-latest)]
  }

  #connect(): Client {
    const client = this.#ground.connect()
    this.#clients.push(client)
    return client
  }

  #open(actor: string, client: Client): Promise<RecordedSession> {
    const { recorder, path } = this.#ground
    const options = { timeout: TIMEOUT_MS, startTimeout: TIMEOUT_MS }
    return recorder.open({ actor, client, path, options })
  }

  #employ(role: string, part: Part): void {
    const actor = `${role} ${this.#jobs.length}`
    this.#jobs.push(this.#play(actor, part))
  }

  async #play(actor: string, part: Part): Promise<void> {
    this.#atWork.add(actor)
    const session = await this.#open(actor, this.#connect())
    await part(session)
    await session.close()
    this.#atWork.delete(actor)
  }

  get #goesOn(): boolean {
    return !this.#stop.signal.aborted
  }

  #below(count: number): number {
    return Math.floor(this.#ground.random() * count)
  }

  async #contend(session: RecordedSession, object: string, ephemeral: boolean): Promise<void> {
    while (this.#goesOn) {
      const count = ephemeral ? ALL_UNITS : 1 + this.#below(POOL_LIMIT)
      const lease = await session.acquire(object, count, ephemeral)
      for (let turns = this.#below(4); turns > 0; turns -= 1) await setImmediate()
      await lease?.release()
    }
  }

  async #write(session: RecordedSession, object: string): Promise<void> {
    await session.create(object, 1, '0')
    for (let value = 1; this.#goesOn; value += 1) await session.update(object, String(value))
    await session.update(object, LAST)
  }

  async #make(session: RecordedSession): Promise<void> {
    for (let at = 0; this.#goesOn; at += 1) {
      const object = `made ${at} by ${session.session.id}`
      this.#made.push(object)
      await session.create(object, 1 + this.#below(5), 'made')
      await session.update(object, 'changed')
      if (at % 2 === 0) await session.delete(object)
    }
  }

  async #read(session: RecordedSession): Promise<void> {
    while (this.#goesOn) {
      for (const object of this.#objects(MADE_LOOKED_AT)) await session.describe(object)
    }
  }

  async #watch(session: RecordedSession): Promise<void> {
    await Promise.all(this.#written().map((object) => session.watch(object, LAST)))
  }

  /** Most of the time the latest session and its token are gone: a number that came from what is left would come again. */
  async #haunt(session: RecordedSession): Promise<void> {
    const client = this.#connect()
    while (this.#goesOn) {
      const ghost = await this.#open('ghost', client)
      await ghost.acquire(`ghost of ${ghost.session.id}`, ALL_UNITS, true)
      await ghost.close()
      for (let look = 0; look < LOOKS_BETWEEN_GHOSTS; look += 1) await session.describe('kept')
    }
  }
}

/** Each of these so often. */
function times(count: number, names: readonly string[]): string[] {
  return names.flatMap((name) => Array.from({ length: count }, () => name))
}
