/** Servers of one cluster without a wire between them, over an engine that has moods. Each sees whom the test says, and the clock is moved by hand. */
import type { Engine, Membership, OwnerInfo } from '@tenure/engine'
import { Cluster } from '../../src/cluster/cluster.ts'
import type { PeerLine, PeerListener } from '../../src/cluster/peer.ts'
import { PeerGuest } from '../../src/cluster/peer-guest.ts'
import type { PeerAnswer, PeerAsk } from '../../src/cluster/peer-message.ts'
import { ownerAmong } from '../../src/cluster/placement.ts'
import { Host } from '../../src/host/host.ts'
import { silentLog } from '../../src/log.ts'
import { systemRandom } from '../../src/random.ts'
import { Accounts } from '../../src/services/accounts.ts'
import type { ServiceContext } from '../../src/services/call.ts'
import { ManualClock, settle } from '../tablet/manual-clock.ts'
import { MoodyEngine } from '../tablet/moody-engine.ts'

type View = readonly OwnerInfo[]

/** The list of servers as one of them is told of it. */
class ToldMembership implements Membership {
  /** The engine does not answer whoever leaves. */
  isSlow = false
  #views: View[] = [[]]
  #wake: () => void = () => {}

  join() {
    const leave = (): Promise<void> => (this.isSlow ? new Promise(() => {}) : Promise.resolve())
    return Promise.resolve({ leave })
  }

  async *watch(): AsyncIterable<View> {
    for (;;) {
      const view = this.#views.shift()
      if (view === undefined) await new Promise<void>((resolve) => (this.#wake = resolve))
      else yield view
    }
  }

  say(view: View): void {
    this.#views.push(view)
    this.#wake()
  }
}

export class StageServer {
  readonly self: OwnerInfo
  readonly members: ToldMembership = new ToldMembership()
  readonly local: Host
  readonly cluster: Cluster
  readonly context: ServiceContext
  /** What others have asked of this one. */
  readonly asks: PeerAsk[] = []
  /** The nodes that its engine was told to expect. */
  readonly expected: string[] = []
  /** Nobody answers at its address. */
  isDown = false
  readonly #lines = new Set<PeerListener>()

  constructor(
    self: OwnerInfo,
    { engine, clock, find }: { engine: Engine; clock: ManualClock; find: Finder },
  ) {
    this.self = self
    const { members } = this
    const expect = async (path: string): Promise<void> => void this.expected.push(path)
    this.local = new Host({ engine: { ...shared(engine), members, expect }, clock, owner: self })
    this.cluster = new Cluster({
      members,
      local: this.local,
      self,
      noticeMs: 5_000,
      dial: (server, listener) => find(server).answer(listener),
      clock,
      log: silentLog,
      leaving() {},
      placed() {},
    })
    this.context = {
      host: this.cluster.host,
      clock,
      random: systemRandom,
      log: silentLog,
      database: '/local',
      accounts: new Accounts({}, clock, systemRandom),
      neighbours: this.cluster.neighbours,
    }
  }

  /** From now on these other servers are there, as this one is told. */
  async sees(...others: readonly StageServer[]): Promise<void> {
    this.members.say(others.map(({ self }) => self))
    await settle()
  }

  /** The lines of others to this one break. */
  cut(): void {
    for (const listener of this.#lines) listener.lost('the wire was cut')
    this.#lines.clear()
  }

  answer(listener: PeerListener): PeerLine {
    if (this.isDown) {
      queueMicrotask(() => listener.unreached('nobody listens'))
      return { send() {}, close() {} }
    }
    this.#lines.add(listener)
    const guest = new PeerGuest({
      nodes: this.cluster.host,
      log: silentLog,
      total: this.cluster.traffic.inward,
      say: (answer: PeerAnswer) => queueMicrotask(() => listener.heard(answer)),
    })
    return {
      send: (ask) => {
        this.asks.push(ask)
        queueMicrotask(() => guest.receive(ask))
      },
      close: () => {
        this.#lines.delete(listener)
        guest.left()
      },
    }
  }
}

type Finder = (server: OwnerInfo) => StageServer

export interface ClusterStage {
  readonly engine: MoodyEngine
  readonly clock: ManualClock
  /** In the order in which they came. */
  readonly server: (index: number) => StageServer
}

/** Servers that see nobody but themselves. */
export async function clusterStage(count: number): Promise<ClusterStage> {
  const [engine, clock] = [new MoodyEngine(), new ManualClock()]
  const servers: StageServer[] = []
  const find: Finder = ({ id }) => {
    const server = servers.find(({ self }) => self.id === id)
    if (server === undefined) throw new RangeError(`there is no server ${id}`)
    return server
  }
  for (let index = 0; index < count; index += 1) {
    const self = { id: `server-${index}`, address: `10.0.0.${index}:2136` }
    const server = new StageServer(self, { engine, clock, find })
    servers.push(server)
    await server.cluster.begin()
    await server.cluster.join()
  }
  return {
    engine,
    clock,
    server: (index) => {
      const server = servers[index]
      if (server === undefined) throw new RangeError(`there is no server ${index}`)
      return server
    },
  }
}

/** Who has a node when these servers are there. */
export interface Placing {
  readonly owner: StageServer
  readonly among: readonly StageServer[]
}

/** A path whose node belongs to the owner of each of these. */
export function pathOf(...placings: readonly Placing[]): string {
  for (let number = 0; ; number += 1) {
    const path = `/local/node-${number}`
    if (placings.every((placing) => isPlaced(path, placing))) return path
  }
}

/** So many paths of nodes that belong to the owner. */
export function pathsOf(count: number, placing: Placing, name = 'node'): string[] {
  const paths: string[] = []
  for (let number = 0; paths.length < count; number += 1) {
    const path = `/local/${name}-${number}`
    if (isPlaced(path, placing)) paths.push(path)
  }
  return paths
}

function isPlaced(path: string, { owner, among }: Placing): boolean {
  const seen = among.map(({ self }) => self)
  return ownerAmong(path, seen)?.id === owner.self.id
}

/** The methods of a class do not survive a spread. */
function shared(engine: Engine): Engine {
  return {
    name: engine.name,
    durable: engine.durable,
    claim: (partition, owner, above) => engine.claim(partition, owner, above),
    ownerOf: (partition) => engine.ownerOf(partition),
    partitions: (prefix) => engine.partitions(prefix),
    peek: (partition, key) => engine.peek(partition, key),
    cut: () => engine.cut(),
    close: () => engine.close(),
  }
}
