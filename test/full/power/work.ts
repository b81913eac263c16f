/** Clients at work on one coordination node, who write down what they come to know. */
import { setImmediate } from 'node:timers/promises'
import type { Client, Session } from 'tenure'
import { TenureError, connect } from 'tenure'
import type { Knowledge } from './knowledge.ts'
import { visit } from './visit.ts'

export const PATH = '/local/work'
/** Sessions must outlive every absence of their server. */
const TIMEOUT_MS = 30_000
const KEEPERS = 3
const MADE_MAX = 60
const DATA_BYTES = 600

/** The data of a made semaphore: longer than its name, so that a page holds few of them. */
export function dataOf(name: string): string {
  return name.padEnd(DATA_BYTES, '.')
}

interface Place {
  readonly address: string
  readonly client: Client
  readonly knowledge: Knowledge
  readonly signal: AbortSignal
}

/** Clients at work until disposed. */
export class Work implements AsyncDisposable {
  readonly #client: Client
  readonly #stop = new AbortController()
  readonly #ended: Promise<unknown>

  private constructor(address: string, client: Client, knowledge: Knowledge) {
    this.#client = client
    const place = { address, client, knowledge, signal: this.#stop.signal }
    const jobs = [publish, read, make, lock, lock, come]
    this.#ended = Promise.all(jobs.map((job) => keepOn(place, job)))
    this.#ended.catch(() => undefined)
  }

  /** @returns once the keepers hold their locks and the others have begun */
  static async begin(address: string, knowledge: Knowledge): Promise<Work> {
    const client = connect(address)
    await client.createNode(PATH, {})
    for (let keeper = 0; keeper < KEEPERS; keeper += 1) await keep(client, knowledge, keeper)
    return new Work(address, client, knowledge)
  }

  /** Resolves once `count` more requests were answered; rejects when a job fails. */
  async goesOn(knowledge: Knowledge, count: number): Promise<void> {
    await Promise.race([knowledge.more(count), this.#ended])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    const ended = this.#ended.catch((error: unknown) => error)
    await this.#client.close()
    await ended
  }
}

/** Does `job` again and again, also after errors that ask for it. */
async function keepOn(
  place: Place,
  job: (place: Place, session: Session) => Promise<void>,
): Promise<void> {
  const { client, signal } = place
  while (!signal.aborted) {
    try {
      await using session = await client.openSession(PATH, { timeout: TIMEOUT_MS }, signal)
      place.knowledge.opened(session.id)
      while (!signal.aborted) {
        await job(place, session)
        await setImmediate()
      }
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof TenureError && error.retryable)) throw error
    }
  }
}

async function keep(client: Client, knowledge: Knowledge, keeper: number): Promise<void> {
  const protectionKey = new Uint8Array(16).fill(keeper + 1)
  const session = await client.openSession(PATH, { timeout: TIMEOUT_MS, protectionKey })
  const name = `kept-${keeper}`
  const lease = await session.semaphore(name).acquire({ count: Infinity, ephemeral: true })
  knowledge.keeps({ name, sessionId: session.id, protectionKey, token: lease.token })
}

/** Publishes larger and larger numbers, each larger than all that anybody has seen. */
async function publish({ knowledge, signal }: Place, session: Session): Promise<void> {
  const value = knowledge.counter + 1
  await session.config('counter').publish(String(value), {}, signal)
  knowledge.published(value)
}

async function read({ knowledge, signal }: Place, session: Session): Promise<void> {
  const value = await session.config('counter').get(signal)
  knowledge.published(Number(new TextDecoder().decode(value ?? new Uint8Array())))
}

let names = 0

async function make({ knowledge, signal }: Place, session: Session): Promise<void> {
  const name = `made-${session.id}-${(names += 1)}`
  await session.semaphore(name).create({ limit: 5, data: dataOf(name) }, signal)
  knowledge.created(name)
  const [oldest] = knowledge.made
  if (oldest === undefined || knowledge.made.size <= MADE_MAX) return
  knowledge.deleting(oldest)
  await session.semaphore(oldest).delete({}, signal)
  knowledge.deleted(oldest)
}

async function lock({ knowledge, signal }: Place, session: Session): Promise<void> {
  await using taken = await session.mutex('contended').lock(signal)
  knowledge.granted(taken.token)
}

/** Opens a session and ends it. */
async function come({ address, knowledge }: Place): Promise<void> {
  const protectionKey = new Uint8Array(16).fill(99)
  const { sessionId, end } = await visit(
    address,
    { path: PATH, sessionId: 0n, protectionKey },
    'stop',
  )
  if (sessionId === null) return
  knowledge.opened(sessionId)
  if (end === 'stopped') knowledge.closed({ sessionId, protectionKey })
}
