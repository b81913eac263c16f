/** A store with something of everything in it, and clients who live through its moves from engine to engine. */
import { connect, prefix, serve } from 'tenure'
import type { Client, Lease, Pipe, Record, Serving, Session, ShownTask, Storage } from 'tenure'
import { Run } from '../command/terminal.ts'

const PATH = '/local/busy'
const KEPT_THEME = 7
const DEAD_THEME = 9
const LISTEN = { listen: '127.0.0.1:0', http: null } as const

/** What must be the same after a move. */
export interface Holdings {
  readonly records: readonly Record[]
  readonly tasks: readonly Omit<ShownTask, 'attempt'>[]
  readonly owners: readonly bigint[]
  readonly waiters: readonly bigint[]
}

/** Numbers that are given out once and never again. */
export interface Numbers {
  readonly session: bigint
  readonly token: bigint
  readonly version: bigint
  readonly task: bigint
}

export class BusyStore implements AsyncDisposable {
  readonly path = PATH
  readonly client: Client
  /** Held since before all moves, and still. */
  readonly lease: Lease
  /** Waits for it. */
  readonly waiting: Promise<Lease>
  #serving: Serving
  readonly #sessions: readonly Session[]

  private constructor(parts: {
    client: Client
    serving: Serving
    sessions: readonly [Session, Session]
    lease: Lease
  }) {
    this.client = parts.client
    this.lease = parts.lease
    this.#serving = parts.serving
    this.#sessions = parts.sessions
    this.waiting = parts.sessions[1].semaphore('door').acquire()
    // Whoever waits for it hears of its failure.
    this.waiting.catch(() => undefined)
  }

  static async begin(engine: string): Promise<BusyStore> {
    const serving = await serve({ ...LISTEN, engine })
    const client = connect(serving.address)
    const options = { createNode: true, timeout: 120_000 }
    const sessions = [
      await client.openSession(PATH, options),
      await client.openSession(PATH, options),
    ] as const
    await sessions[0].semaphore('door').create({ limit: 1n })
    const lease = await sessions[0].semaphore('door').acquire({ data: 'mine' })
    const store = new BusyStore({ client, serving, sessions: [...sessions], lease })
    await store.#fill()
    return store
  }

  async holdings(): Promise<Holdings> {
    const tasks: Omit<ShownTask, 'attempt'>[] = []
    for await (const { id } of this.#pipe.list()) {
      const { attempt: _, ...rest } = await this.#pipe.show(id)
      tasks.push(rest)
    }
    const { owners, waiters } = await this.#door()
    return {
      records: await this.#storage.getRange(prefix('')),
      tasks,
      owners: owners.map(({ orderId }) => orderId),
      waiters: waiters.map(({ orderId }) => orderId),
    }
  }

  async numbers(): Promise<Numbers> {
    await using session = await this.client.openSession(PATH)
    const { token } = await session.mutex('another door').lock()
    const version = await this.#storage.put({ key: 'versioned', value: 'again' })
    const task = await this.#pipe.open(KEPT_THEME)
    await task.delete()
    return { session: session.id, token, version, task: task.id.index }
  }

  /** Ends the server and moves all. Nobody serves then. */
  async move(from: string, to: string): Promise<void> {
    await this.#serving.close()
    const run = new Run(['migrate', '--from', from, '--to', to])
    const code = await run.exitCode
    if (code !== 0) throw new Error(`migrate ended with ${code}: ${run.err}`)
  }

  /** Serves from there, where clients look for it. */
  async serveFrom(engine: string): Promise<void> {
    this.#serving = await serve({ ...LISTEN, listen: this.#serving.listen, engine })
  }

  /** Lets another server do something from there meanwhile. */
  async serveBeside(engine: string, work: (client: Client) => Promise<void>): Promise<void> {
    await using serving = await serve({ ...LISTEN, engine })
    await using client = connect(serving.address)
    await work(client)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close()
    await this.#serving.close()
  }

  get #pipe(): Pipe {
    return this.client.pipe(PATH)
  }

  get #storage(): Storage {
    return this.client.storage(PATH)
  }

  async #door(): ReturnType<ReturnType<Session['semaphore']>['describe']> {
    const [session] = this.#sessions
    if (session === undefined) throw new Error('nobody is there')
    return session.semaphore('door').describe({ owners: true, waiters: true })
  }

  async #fill(): Promise<void> {
    const storage = this.#storage
    const keys = Array.from({ length: 20 }, (_, at) => `key-${at}`)
    await Promise.all(keys.map((key) => storage.create({ key, value: `${key}!` })))
    const { id } = await storage.lessor.newLease(600_000)
    await storage.create({ key: 'leased', value: 'kept', lease: id })
    const pipe = this.#pipe
    await pipe.configure(KEPT_THEME, { delaySeconds: 3_600 })
    await pipe.configure(DEAD_THEME, { maxRepeats: 0 })
    for (const theme of [KEPT_THEME, KEPT_THEME, DEAD_THEME]) {
      const task = await pipe.open(theme, 'first')
      await task.append(new Uint8Array(3_000).fill(7))
      await task.store()
    }
  }
}
