/**
 * A bounded number of connections to whichever of the hosts takes writes. No state is kept in a session: a statement, or a
 * transaction, takes any of them.
 */
import { EngineError } from '../errors.ts'
import { AwayError, openingVerdictOf, reasonOf, verdictOf } from './failure.ts'
import { Link } from './link.ts'
import type { PostgresHost, PostgresPlace } from './place.ts'
import { hostTitle } from './place.ts'

export interface ConnectionsOptions {
  readonly place: PostgresPlace
  readonly connectionsMax: number
  readonly answerMs: number
  /** Rejects when the server at the other end is not to be used. */
  readonly check: (link: Link) => Promise<void>
}

/** A connection for whoever waited longest; null: there may be one more, open it. */
type Waiter = (link: Link | null) => void

export class Connections {
  readonly #options: ConnectionsOptions
  readonly #all = new Set<Link>()
  readonly #idle: Link[] = []
  readonly #waiters: Waiter[] = []
  /** Those that are open, and those that are being opened. */
  #taken = 0
  #hostAt = 0
  #isClosed = false

  constructor(options: ConnectionsOptions) {
    this.#options = options
  }

  /** A connection for as long as `work` takes. After a failure that may have been the server's, its other connections are given up, too. */
  async use<Result>(work: (link: Link) => Promise<Result>): Promise<Result> {
    const link = await this.lease()
    try {
      return await work(link)
    } catch (error) {
      const verdict = verdictOf(error)
      if (verdict === 'away' || verdict === 'unknown') this.#giveUp(link)
      throw error
    } finally {
      this.release(link)
    }
  }

  /** @throws AwayError when no host takes writes, EngineError when none may be used */
  async lease(): Promise<Link> {
    for (let link = this.#idle.pop(); link !== undefined; link = this.#idle.pop()) {
      if (link.isUsable) return link
      this.#forget(link)
    }
    if (this.#taken >= this.#options.connectionsMax) {
      const link = await new Promise<Link | null>((resolve) => this.#waiters.push(resolve))
      if (link !== null) return link
    }
    this.#taken += 1
    try {
      const link = await this.#open()
      this.#all.add(link)
      return link
    } catch (error) {
      this.#taken -= 1
      this.#waiters.shift()?.(null)
      throw error
    }
  }

  release(link: Link): void {
    if (link.isUsable && !this.#isClosed) {
      const waiter = this.#waiters.shift()
      if (waiter === undefined) this.#idle.push(link)
      else waiter(link)
      return
    }
    link.destroy()
    this.#forget(link)
    this.#waiters.shift()?.(null)
  }

  /** Breaks whatever is under way. */
  breakAll(): void {
    for (const link of this.#all) link.destroy()
  }

  /** Those that are in use end when they come back. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const waiter of this.#waiters.splice(0)) waiter(null)
    await Promise.all(
      this.#idle.splice(0).map(async (link) => {
        await link.close()
        this.#forget(link)
      }),
    )
  }

  #forget(link: Link): void {
    if (this.#all.delete(link)) this.#taken -= 1
  }

  #giveUp({ host }: Link): void {
    for (const link of this.#all) {
      const isIdle = this.#idle.includes(link)
      if (isIdle && isSame(link.host, host)) link.destroy()
    }
  }

  /** The host that was good last is asked first, then those after it. */
  async #open(): Promise<Link> {
    if (this.#isClosed) throw new EngineError('the connections are closed')
    const { hosts } = this.#options.place
    const first = this.#hostAt
    const failures: { readonly host: PostgresHost; readonly error: unknown }[] = []
    for (let turn = 0; turn < hosts.length; turn += 1) {
      const at = (first + turn) % hosts.length
      const host = hosts[at]
      if (host === undefined) continue
      try {
        const link = await this.#openAt(host)
        this.#hostAt = at
        return link
      } catch (error) {
        failures.push({ host, error })
      }
    }
    const reasons = failures.map(({ host, error }) => `${hostTitle(host)}: ${reasonOf(error)}`)
    const cause = failures[0]?.error
    const isRefused = failures.every(({ error }) => openingVerdictOf(error) === 'refused')
    throw new (isRefused ? EngineError : AwayError)(reasons.join('; '), { cause })
  }

  async #openAt(host: PostgresHost): Promise<Link> {
    const { place, answerMs, check } = this.#options
    const link = await Link.open({ place, host, answerMs })
    try {
      await check(link)
      return link
    } catch (error) {
      link.destroy()
      throw error
    }
  }
}

function isSame(one: PostgresHost, other: PostgresHost): boolean {
  return one.host === other.host && one.port === other.port
}
