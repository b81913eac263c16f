/**
 * Load by bare streams of YDB's protocol: what the server can do, without the cost of a client library.
 */
import { Client, credentials } from '@grpc/grpc-js'
import { create, CREATE_NODE, STATUS, toBinary, fromBinary } from '@tenure/protocol'
import { SessionStream } from './session-stream.ts'
import type { Board, Locker, Visitor } from './subject.ts'

/** Longer than any measurement: nothing may expire because a loaded machine was late. */
const SESSION_TIMEOUT_MS = 1_800_000
/** A session that must keep itself alive says so every third of this. */
const IDLE_TIMEOUT_MS = 15_000
const STREAMS_PER_CONNECTION = 1_000
const WATCH_CONNECTIONS = 4
/** Sessions that are opened at the same time while a server is filled. */
const SEED_AT_ONCE = 250
const COUNT_MAX = 2n ** 64n - 1n
const BOARD = 'board'
const NO_BYTES = new Uint8Array(0)

export function visitStreams(address: string): Visitor {
  return new StreamVisitor(new URL(address))
}

class StreamVisitor implements Visitor {
  readonly #host: string
  readonly #path: string
  readonly #clients: Client[] = []
  #opened = 0
  #node: Promise<void> | null = null

  constructor({ host, pathname }: URL) {
    this.#host = host
    this.#path = `${pathname}/bench`
  }

  async lockers(count: number): Promise<Locker[]> {
    const sessions: Locker[] = []
    for (let party = 0; party < count; party++) {
      sessions.push(new StreamLocker(await this.#session(SESSION_TIMEOUT_MS)))
    }
    return sessions
  }

  async board(watchers: number, seen: (version: number) => void): Promise<Board> {
    const publisher = await this.#session(SESSION_TIMEOUT_MS)
    await publisher.ask({ kind: 'create', name: BOARD, limit: 1n, data: Buffer.from('0') })
    for (let connection = 0; connection < WATCH_CONNECTIONS; connection++) {
      const client = this.#connect()
      for (let watcher = connection; watcher < watchers; watcher += WATCH_CONNECTIONS) {
        await follow(await this.#open(client, SESSION_TIMEOUT_MS), seen)
      }
    }
    return {
      async publish(version) {
        await publisher.ask({ kind: 'update', name: BOARD, data: Buffer.from(String(version)) })
      },
    }
  }

  async idle(count: number): Promise<void> {
    for (let session = 0; session < count; session++) await this.#session(IDLE_TIMEOUT_MS)
  }

  async seed(count: number): Promise<void> {
    for (let first = 0; first < count; first += SEED_AT_ONCE) {
      const some = Array.from(
        { length: Math.min(SEED_AT_ONCE, count - first) },
        async (_, index) => {
          const session = await this.#session(SESSION_TIMEOUT_MS)
          await hold(session, `seed-${first + index}`)
          session.leave()
        },
      )
      await Promise.all(some)
    }
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close()
  }

  async #session(timeoutMs: number): Promise<SessionStream> {
    const connection = Math.floor(this.#opened++ / STREAMS_PER_CONNECTION)
    return this.#open(this.#clients[connection] ?? this.#connect(), timeoutMs)
  }

  async #open(client: Client, timeoutMs: number): Promise<SessionStream> {
    this.#node ??= createNode(client, this.#path)
    await this.#node
    return SessionStream.open(client, { path: this.#path, timeoutMs })
  }

  #connect(): Client {
    // Without its own subchannel pool grpc-js would put all clients on one connection.
    const options = { 'grpc.use_local_subchannel_pool': 1 }
    const client = new Client(this.#host, credentials.createInsecure(), options)
    this.#clients.push(client)
    return client
  }
}

class StreamLocker implements Locker {
  readonly #session: SessionStream

  constructor(session: SessionStream) {
    this.#session = session
  }

  acquire(name: string): Promise<void> {
    return hold(this.#session, name)
  }

  async release(name: string): Promise<void> {
    await this.#session.ask({ kind: 'release', name })
  }
}

async function hold(session: SessionStream, name: string): Promise<void> {
  const result = await session.ask({
    kind: 'acquire',
    name,
    timeoutMs: COUNT_MAX,
    count: COUNT_MAX,
    data: NO_BYTES,
    ephemeral: true,
  })
  if (result.kind !== 'acquire-result' || !result.acquired)
    throw new Error(`${name} was not acquired`)
}

/** Describes with a watch, again after every change; resolves when the first watch is set. */
async function follow(session: SessionStream, seen: (version: number) => void): Promise<void> {
  const look = async (): Promise<void> => {
    const result = await session.ask(
      {
        kind: 'describe',
        name: BOARD,
        owners: false,
        waiters: false,
        watchData: true,
        watchOwners: false,
      },
      () => void look(),
    )
    if (result.kind !== 'describe-result' || result.description === null) return
    seen(Number(Buffer.from(result.description.data).toString()))
  }
  await look()
}

function createNode(client: Client, path: string): Promise<void> {
  const request = create(CREATE_NODE.input, { path, config: {} })
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      CREATE_NODE.path,
      (message: typeof request) => Buffer.from(toBinary(CREATE_NODE.input, message)),
      (bytes) => fromBinary(CREATE_NODE.output, bytes),
      request,
      (error, response) => {
        const status = Number(response?.operation?.status)
        if (error !== null) reject(error)
        else if (status !== STATUS.SUCCESS) reject(new Error(`${path}: status ${status}`))
        else resolve()
      },
    )
  })
}
