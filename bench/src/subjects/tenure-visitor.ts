/**
 * Load through Tenure's own client, over whichever address `connect` takes.
 */
import type { Client, Lease, Session } from '@tenure/client'
import { connect } from 'tenure'
import { deliver } from '../stored/delivery.ts'
import { RecordCell } from './record-cell.ts'
import type { Board, Locker, Visitor } from './subject.ts'
import { taskQueue } from './task-queue.ts'
import { TaskWriter } from './task-writer.ts'

/** Longer than any measurement: nothing may expire because a loaded machine was late. */
const SESSION_TIMEOUT_MS = 600_000
const CONNECTIONS = 4
const NODE = 'bench'
const BOARD = 'board'

export interface VisitOptions {
  /** Whether every party has a session of its own or all share one. */
  readonly sessions: 'each' | 'one'
  /** The wire protocol, where there is a wire; our own by default. */
  readonly protocol?: 'tenure' | 'ydb'
}

export async function visitClient(address: string, options: VisitOptions): Promise<Visitor> {
  const clients: Client[] = []
  const open = async (): Promise<Client> => {
    const client = connect(address, { protocol: options.protocol ?? 'auto' })
    clients.push(client)
    await client.createNode(NODE)
    return client
  }
  return {
    async lockers(count) {
      const client = await open()
      const shared = options.sessions === 'one' ? await session(client) : null
      const lockers: Locker[] = []
      for (let party = 0; party < count; party++) {
        lockers.push(new MutexLocker(shared ?? (await session(client))))
      }
      return lockers
    },
    async board(watchers, seen): Promise<Board> {
      const publisher = (await session(await open())).semaphore(BOARD, { limit: 1 })
      await publisher.create({ limit: 1 })
      for (let connection = 0; connection < CONNECTIONS; connection++) {
        const client = await open()
        for (let watcher = connection; watcher < watchers; watcher += CONNECTIONS) {
          void follow(await session(client), seen)
        }
      }
      return { publish: (version) => publisher.update(String(version)) }
    },
    async cells(count) {
      const storage = (await open()).storage(NODE)
      return Promise.all(
        Array.from({ length: count }, (_, party) => RecordCell.make(storage, party)),
      )
    },
    async writers(count, recordBytes) {
      return TaskWriter.make((await open()).pipe(NODE), count, recordBytes)
    },
    async queue(terms) {
      return taskQueue((await open()).pipe(NODE), terms)
    },
    async deliver(theme, pid) {
      return deliver((await open()).pipe(NODE), theme, pid)
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()))
    },
  }
}

function session(client: Client): Promise<Session> {
  return client.openSession(NODE, { timeout: SESSION_TIMEOUT_MS })
}

async function follow(session: Session, seen: (version: number) => void): Promise<void> {
  const decoder = new TextDecoder()
  for await (const { data } of session.semaphore(BOARD).watch({ data: true })) {
    seen(Number(decoder.decode(data)))
  }
}

class MutexLocker implements Locker {
  readonly #session: Session
  #lease: Lease | null = null

  constructor(session: Session) {
    this.#session = session
  }

  async acquire(name: string): Promise<void> {
    this.#lease = await this.#session.mutex(name).lock()
  }

  async release(): Promise<void> {
    await this.#lease?.release()
  }
}
