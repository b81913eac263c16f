/**
 * A moment of the database that is read page by page: one transaction, which has a connection for itself until it ends. So only
 * some of the connections may be in that state at a time, and the rest is for commits.
 */
import { EngineError } from '../errors.ts'
import type { Connections } from './connections.ts'
import { AwayError } from './failure.ts'
import type { Link, Row, Statement } from './link.ts'

export class Snapshots {
  readonly #connections: Connections
  readonly #max: number
  readonly #open = new Set<Snapshot>()
  readonly #waiters: (() => void)[] = []
  #taken = 0
  #isClosed = false

  constructor(connections: Connections, max: number) {
    this.#connections = connections
    this.#max = max
  }

  /** The moment is between the call and its return. @throws what `Connections.lease` and `Link.run` throw */
  async begin(): Promise<Snapshot> {
    if (this.#taken >= this.#max) await new Promise<void>((resolve) => this.#waiters.push(resolve))
    this.#taken += 1
    try {
      const link = await this.#connections.lease()
      try {
        if (this.#isClosed) throw new EngineError('the engine is closed')
        await link.run({ text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' })
        const [row] = await link.run({ text: 'SELECT pg_is_in_recovery()' })
        if (row?.[0] === 't') throw new AwayError('a standby answered, which may know less')
      } catch (error) {
        link.destroy()
        this.#connections.release(link)
        throw error
      }
      const snapshot: Snapshot = new Snapshot(link, () => this.#ended(snapshot, link))
      this.#open.add(snapshot)
      return snapshot
    } catch (error) {
      this.#leave()
      throw error
    }
  }

  /** What is read from any of them rejects from now on. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(Array.from(this.#open, (snapshot) => snapshot.end()))
  }

  #ended(snapshot: Snapshot, link: Link): void {
    this.#open.delete(snapshot)
    this.#connections.release(link)
    this.#leave()
  }

  #leave(): void {
    this.#taken -= 1
    this.#waiters.shift()?.()
  }
}

export class Snapshot {
  readonly #link: Link
  readonly #released: () => void
  #isOver = false
  #running: Promise<unknown> = Promise.resolve()

  constructor(link: Link, released: () => void) {
    this.#link = link
    this.#released = released
  }

  /** @throws EngineError once it has ended */
  run(statement: Statement): Promise<readonly Row[]> {
    if (this.#isOver) return Promise.reject(new EngineError('this snapshot has ended'))
    const running = this.#link.run(statement)
    this.#running = running.catch(() => {})
    return running
  }

  async end(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    await this.#running
    try {
      await this.#link.run({ text: 'COMMIT' })
    } catch {
      // Nothing was written, and the transaction ends with its connection.
      this.#link.destroy()
    }
    this.#released()
  }
}
