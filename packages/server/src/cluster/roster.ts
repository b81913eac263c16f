/** The servers of the cluster as this one sees them, itself among them from the time when it has joined. */
import type { Announcement, Membership, OwnerInfo } from '@tenure/engine'
import type { Clock, Timer } from '../clock.ts'
import { type Log, reasonOf } from '../log.ts'
import { within } from '../within.ts'

export interface RosterOptions {
  readonly members: Membership
  readonly self: OwnerInfo
  /** So long after a server died or fell silent its nodes go to others. */
  readonly noticeMs: number
  readonly clock: Clock
  readonly log: Log
  /** Other servers are there than before. */
  readonly changed: () => void
}

const RETRY_MS = 500
/** How long the engine is waited for at the end. */
const LEAVE_MS = 2_000

export class Roster {
  readonly #options: RosterOptions
  readonly #ended = new AbortController()
  #servers: readonly OwnerInfo[] = []
  #announcement: Announcement | null = null
  #retry: Timer | null = null

  constructor(options: RosterOptions) {
    this.#options = options
  }

  /** One of each address: a server that was started again may be seen twice for a while, and its successor answers. */
  get servers(): readonly OwnerInfo[] {
    return this.#servers
  }

  /** Begins to look. Resolves when the servers are known. @throws EngineError when the engine does not tell */
  async begin(): Promise<void> {
    const views = this.#options.members.watch(this.#ended.signal)[Symbol.asyncIterator]()
    const first = await views.next()
    if (first.done !== true) this.#see(first.value)
    void this.#follow(views)
  }

  /** From now on the others give nodes to this server. */
  async join(): Promise<void> {
    const { members, self, noticeMs } = this.#options
    this.#announcement = await members.join(self, noticeMs)
    this.#see([...this.#servers.filter(({ address }) => address !== self.address), self])
  }

  /** From now on they give it none. It still sees the others, as long as it ends what it has begun. */
  async leave(): Promise<void> {
    const announcement = this.#announcement
    this.#announcement = null
    if (announcement === null) return
    const { self, clock, log } = this.#options
    try {
      // Clients come back at once when their nodes are given up: by then the others should know whose the nodes are.
      await within(clock, LEAVE_MS, announcement.leave())
    } catch (error) {
      log.warn('the other servers could not be told of the end', { reason: reasonOf(error) })
    }
    this.#see(this.#servers.filter(({ address }) => address !== self.address))
  }

  end(): void {
    this.#ended.abort()
    this.#retry?.cancel()
  }

  async #follow(views: AsyncIterator<readonly OwnerInfo[]>): Promise<void> {
    const { clock, log, members } = this.#options
    const { signal } = this.#ended
    try {
      for (let view = await views.next(); view.done !== true; view = await views.next()) {
        this.#see(view.value)
      }
    } catch (error) {
      if (signal.aborted) return
      log.warn('the other servers cannot be seen', { reason: reasonOf(error) })
    }
    if (signal.aborted) return
    this.#retry = clock.after(RETRY_MS, () => {
      void this.#follow(members.watch(signal)[Symbol.asyncIterator]())
    })
  }

  #see(view: readonly OwnerInfo[]): void {
    const byAddress = new Map(view.map((server) => [server.address, server]))
    const { self, changed } = this.#options
    // What the engine says of this server may be late, in both directions.
    if (this.#announcement === null) byAddress.delete(self.address)
    else byAddress.set(self.address, self)
    const servers = [...byAddress.values()].toSorted((one, other) =>
      one.address < other.address ? -1 : 1,
    )
    const isSame = servers.length === this.#servers.length && servers.every(isIn(this.#servers))
    this.#servers = servers
    if (!isSame) changed()
  }
}

function isIn(servers: readonly OwnerInfo[]): (server: OwnerInfo) => boolean {
  return ({ id, address }) => servers.some((one) => one.id === id && one.address === address)
}
