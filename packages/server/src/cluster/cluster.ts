/**
 * This server among others that use the same engine: it sees them, takes its share of the nodes, and hands the share over when it goes.
 */
import type { Membership } from '@tenure/engine'
import type { Clock } from '../clock.ts'
import type { Host } from '../host/host.ts'
import { type Log, reasonOf } from '../log.ts'
import { ClusterHost } from './cluster-host.ts'
import type { PeerDial } from './peer.ts'
import { Roster } from './roster.ts'
import { Signposts } from './signposts.ts'
import { Traffic } from './traffic.ts'
import { within } from '../within.ts'

/** Where this server is reached by the others: known when it listens. */
export interface Self {
  /** What the others show when they call. */
  readonly id: string
  /** `host:port`; empty until then. */
  address: string
}

export interface ClusterOptions {
  readonly members: Membership
  readonly local: Host
  readonly self: Self
  readonly noticeMs: number
  readonly dial: PeerDial
  readonly clock: Clock
  readonly log: Log
  /** A node is about to be given up here. */
  readonly leaving: (path: string) => void
  /** Other nodes than before may belong here. */
  readonly placed: () => void
}

/** What has not been given up by then ends with the server: the engine is slow, or does not answer. */
const HAND_OVER_MS = 5_000

export class Cluster {
  readonly host: ClusterHost
  readonly neighbours: Signposts
  readonly traffic: Traffic = new Traffic()
  readonly #roster: Roster
  readonly #log: Log
  readonly #clock: Clock
  readonly #placed: () => void
  #moving: Promise<void> = Promise.resolve()

  constructor({ members, local, self, noticeMs, dial, clock, log, ...hooks }: ClusterOptions) {
    const { traffic } = this
    const changed = (): void => {
      this.neighbours.changed()
      log.info('the servers of the cluster', { servers: this.neighbours.addresses.join(', ') })
      this.#moving = Promise.all([this.#moving, this.#move()]).then(() => undefined)
    }
    this.#log = log
    this.#clock = clock
    this.#placed = hooks.placed
    this.#roster = new Roster({ members, self, noticeMs, clock, log, changed })
    const { leaving } = hooks
    this.host = new ClusterHost({ local, self, dial, traffic, clock, leaving }, this.#roster)
    this.neighbours = new Signposts({
      self,
      servers: () => this.#roster.servers,
      elsewhere: (path) => this.host.elsewhere(path),
      traffic,
      log,
    })
  }

  /** How many servers are seen, this one among them. */
  get servers(): number {
    return this.#roster.servers.length
  }

  /** Resolves when the others are known. @throws EngineError */
  begin(): Promise<void> {
    return this.#roster.begin()
  }

  /** Takes a share, from now on that this server can be reached. @throws EngineError */
  join(): Promise<void> {
    return this.#roster.join()
  }

  /** Hands the share over. Resolves when the nodes have been given up, those at least that somebody else can take; or after a while. */
  async leave(): Promise<void> {
    await this.host.leaves()
    await this.#roster.leave()
    await within(this.#clock, HAND_OVER_MS, this.#moving)
  }

  /** Looks no more. */
  end(): void {
    this.#roster.end()
  }

  /** Never rejects. */
  async #move(): Promise<void> {
    const fromMs = this.#clock.monotonicMs()
    try {
      const nodes = await this.host.placed()
      const tookMs = Math.round(this.#clock.monotonicMs() - fromMs)
      if (nodes > 0) this.#log.info('nodes were given up to other servers', { nodes, tookMs })
    } catch (error) {
      this.#log.error('nodes could not be given up', { reason: reasonOf(error) })
    }
    this.#placed()
  }
}
