/** Clients at work on one coordination node, who write down what they come to know. */
import { setImmediate } from 'node:timers/promises'
import type { Client, Session } from 'tenure'
import { TenureError, connect } from 'tenure'
import type { Knowledge } from './knowledge.ts'
import { visit } from './visit.ts'

export const PATH = '/local/work'
/** Sessions must outlive every absence of their server. */
const TIMEOUT_MS = 30_000
/** What is left open is nobody's business: no server that has ended is waited for. */
const CLOSE_TIMEOUT_MS = 100
/** Clients that take a lock and keep it. */
const KEEPERS = 3
const LASTING = { timeout: TIMEOUT_MS, closeTimeout: CLOSE_TIMEOUT_MS } as const
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
  readonly #begun: Promise<void>
  readonly #ended: Promise<unknown>

  constructor(address: string, knowledge: Knowledge) {
    this.#client = connect(address)
    const place = { address, client: this.#client, knowledge, signal: this.#stop.signal }
    this.#begun = keepAll(place)
    const jobs = [publish, read, make, lock, lock, come]
    this.#ended = this.#begun.then(() => Promise.all(jobs.map((job) => keepOn(place, job))))
    this.#ended.catch(() => undefined)
  }

  /** Resolves once `count` more requests were answered, and the keepers hold their locks; rejects when a job fails. */
  async goesOn(knowledge: Knowledge, count: number): Promise<void> {
    await this.#begun
    await Promise.race([knowledge.more(count), this.#ended])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    const ended = this.#ended.catch((error: unknown) => error)
    await this.#client.close()
    await ended
  }
}

/** Does `job` in one session again and again, and after errors that ask for it in another. */
async function keepOn(
  place: Place,
  job: (place: Place, session: Session) => Promise<void>,
): Promise<void> {
  const { client, signal } = place
  while (!signal.aborted) {
    await persist(signal, async () => {
      await using session = await client.openSession(PATH, LASTING, signal)
      place.knowledge.opened(session.id)
      while (!signal.aborted) {
        await job(place, session)
        await setImmediate()
      }
    })
  }
}

/** Tries `attempt` until it succeeds, as long as its errors ask for that. */
async function persist(signal: AbortSignal, attempt: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      await attempt()
      return
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof TenureError && error.retryable)) throw error
    }
  }
}

async function keepAll(place: Place): Promise<void> {
  await persist(place.signal, () => place.client.createNode(PATH, {}, place.signal))
  for (let keeper = 0; keeper < KEEPERS; keeper += 1) {
    await persist(place.signal, () => keep(place, keeper))
  }
}

async function keep({ client, knowledge, signal }: Place, keeper: number): Promise<void> {
  const protectionKey = new Uint8Array(16).fill(keeper + 1)
  const session = await client.openSession(PATH, { ...LASTING, protectionKey }, signal)
  const name = `kept-${keeper}`
  const exclusive = { count: Infinity, ephemeral: true } as const
  const lease = await session.semaphore(name).acquire(exclusive, signal)
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
