/**
 * The nodes of all servers of a cluster, as one of these servers reaches them: its own are in its memory, to the others it forwards.
 *
 * Where a node belongs is only a matter of speed. Two servers that see it differently each claim the node when they are asked for it, and the
 * claim that came first is fenced out by the engine.
 */
import { EngineError, FencedError, type OwnerInfo } from '@tenure/engine'
import type { NodeConfig } from '@tenure/kernel'
import type { Clock } from '../clock.ts'
import type { PathRefusal } from '../host/directory.ts'
import type { Host, HostContract, HostedNode } from '../host/host.ts'
import { UnreachedError } from '../host/unreached.ts'
import { Peer, type PeerDial } from './peer.ts'
import { within } from '../within.ts'
import { ownerAmong } from './placement.ts'
import type { Roster } from './roster.ts'
import type { Traffic } from './traffic.ts'

/** How long the next server is given to load a node; clients come there anyway. */
const TAKE_MS = 1_000
/** How long the next servers are given to prepare for that, while the nodes are still served here. */
const EXPECT_MS = 1_000

export interface ClusterHostOptions {
  /** Of the nodes that run here. */
  readonly local: Host
  readonly self: OwnerInfo
  readonly dial: PeerDial
  readonly traffic: Traffic
  readonly clock: Clock
  /** A node is about to be given up here. */
  readonly leaving: (path: string) => void
}

export class ClusterHost implements HostContract {
  readonly #options: ClusterHostOptions
  readonly #roster: Roster
  readonly #peers = new Map<string, Peer>()
  #isLeaving = false
  #isClosed = false

  /** @param roster its changes are told to `placed` */
  constructor(options: ClusterHostOptions, roster: Roster) {
    this.#options = options
    this.#roster = roster
  }

  /** Whether the node belongs to this server: that is so for every node while no server is seen. */
  has(path: string): boolean {
    return this.elsewhere(path) === null
  }

  /** The other server to which the node belongs. */
  elsewhere(path: string): OwnerInfo | null {
    // Who leaves still answers for what it has, and begins nothing.
    const isForOthers = this.#isLeaving && !this.#options.local.has(path)
    const owner = ownerAmong(path, isForOthers ? this.#others : this.#roster.servers)
    return owner === null || this.#isSelf(owner) ? null : owner
  }

  get #others(): readonly OwnerInfo[] {
    return this.#roster.servers.filter((server) => !this.#isSelf(server))
  }

  #isSelf({ address }: OwnerInfo): boolean {
    return address === this.#options.self.address
  }

  /** The next server of a node prepares to load it, if there is one. */
  async #expectAt(next: OwnerInfo | null, path: string): Promise<void> {
    if (next !== null && !this.#isClosed) await this.#peer(next).expect(path)
  }

  /** From now on this server takes no node that it does not have, whatever the others know by now. Resolves when they expect its nodes. */
  async leaves(): Promise<void> {
    const { local, clock } = this.#options
    this.#isLeaving = true
    const expecting = local.running.map((path) =>
      this.#expectAt(ownerAmong(path, this.#others), path),
    )
    await within(clock, EXPECT_MS, Promise.all(expecting))
  }

  async node(path: string, options: { create: boolean }): Promise<HostedNode | PathRefusal> {
    const { local } = this.#options
    const owner = this.elsewhere(path)
    if (owner === null) return this.#here(path, options)
    const peer = this.#peer(owner)
    const refusal = await (options.create ? peer.reserve(path) : local.refusalOf(path))
    return refusal ?? { path, connect: (sink) => peer.connect(path, sink) }
  }

  list(prefix: string): Promise<string[]> {
    return this.#options.local.list(prefix)
  }

  settings(path: string): Promise<NodeConfig | null> {
    return this.#options.local.settings(path)
  }

  /** Paths of the nodes that belong here and whose tasks are taken to somebody. */
  async *themed(): AsyncIterable<string> {
    for await (const path of this.#options.local.themed()) if (this.has(path)) yield path
  }

  /**
   * Other servers are there than before: nodes that do not belong here any more are given up, each at once.
   *
   * @returns how many
   */
  async placed(): Promise<number> {
    const { local, leaving, clock } = this.#options
    const present = new Set(this.#roster.servers.map(({ id }) => id))
    for (const [id, peer] of this.#peers) {
      if (present.has(id)) continue
      this.#peers.delete(id)
      void peer.leave(clock, 'it has left the cluster')
    }
    const leavers = local.running.filter((path) => !this.has(path))
    for (const path of leavers) leaving(path)
    await Promise.all(leavers.map((path) => this.#handOver(path)))
    return leavers.length
  }

  async expect(path: string): Promise<void> {
    if (!this.#isLeaving) await this.#options.local.expect(path)
  }

  async take(path: string): Promise<void> {
    if (!this.#isLeaving) await this.#options.local.take(path)
  }

  /** What was accepted is answered first; then the next server loads the node while its clients are still on their way. */
  async #handOver(path: string): Promise<void> {
    const { local, clock } = this.#options
    const exists = local.runs(path)
    // On its way there while the node is still answering here. Who leaves has done so before.
    if (exists && !this.#isLeaving) void this.#expectAt(this.elsewhere(path), path)
    await local.release(path)
    const owner = exists ? this.elsewhere(path) : null
    if (owner !== null) await within(clock, TAKE_MS, this.#peer(owner).take(path))
  }

  async close(): Promise<void> {
    const { local, clock } = this.#options
    this.#isClosed = true
    const peers = [...this.#peers.values()]
    this.#peers.clear()
    await Promise.all([
      local.close(),
      ...peers.map((peer) => peer.leave(clock, 'this server ends')),
    ])
  }

  /** @throws UnreachedError when another server has claimed the node while it was loaded */
  async #here(path: string, options: { create: boolean }): Promise<HostedNode | PathRefusal> {
    try {
      return await this.#options.local.node(path, options)
    } catch (error) {
      if (!(error instanceof FencedError)) throw error
      throw new UnreachedError(`another server has claimed the node: ${error.message}`)
    }
  }

  #peer(server: OwnerInfo): Peer {
    if (this.#isClosed) throw new EngineError('the host is closed')
    const present = this.#peers.get(server.id)
    if (present !== undefined) return present
    const peer = new Peer(server, this.#options.dial, this.#options.traffic)
    this.#peers.set(server.id, peer)
    return peer
  }
}
