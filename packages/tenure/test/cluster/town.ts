/** Servers of one cluster in this process, on an engine in memory that they share; or on the store that `TENURE_TEST_ENGINE` names. */
import type { Announcement, Engine, Membership, OwnerInfo } from '@tenure/engine'
import { openMemoryEngine } from '@tenure/engine/memory'
import { type RunningServer, startServer, type Users, writtenAddress } from '@tenure/server'
import { sharedEngine } from '../../../../test/engine-under-test.ts'

/** Who uses the store: told to everybody at once. */
class SharedMembership implements Membership {
  readonly #present = new Map<string, OwnerInfo>()
  readonly #changed = new Set<() => void>()

  async join(member: OwnerInfo): Promise<Announcement> {
    const { id, address } = member
    this.#present.set(id, { id, address })
    this.#tell()
    return { leave: async () => this.forget(id) }
  }

  /** As when it has fallen silent. */
  forget(id: string): void {
    this.#present.delete(id)
    this.#tell()
  }

  async *watch(signal: AbortSignal): AsyncIterable<readonly OwnerInfo[]> {
    while (!signal.aborted) {
      const changing = new Promise<void>((resolve) => {
        this.#changed.add(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
      yield [...this.#present.values()]
      await changing
    }
  }

  #tell(): void {
    for (const changed of this.#changed) changed()
    this.#changed.clear()
  }
}

export interface TownServer extends RunningServer {
  /** `host:port` */
  readonly address: string
}

const ANY_PORT = { host: '127.0.0.1', port: 0 }

export class Town implements AsyncDisposable {
  readonly members = new SharedMembership()
  readonly servers: TownServer[] = []
  readonly #memory: Engine = openMemoryEngine()
  readonly #open: () => Promise<Engine> = sharedEngine() ?? (() => Promise.resolve(this.#door()))
  readonly #engines: Engine[] = []
  readonly #users: Users

  constructor(users: Users = {}) {
    this.#users = users
  }

  static async of(size: number, users?: Users): Promise<Town> {
    const town = new Town(users)
    for (let count = 0; count < size; count += 1) await town.add()
    return town
  }

  async add(): Promise<TownServer> {
    const engine = await this.#open()
    this.#engines.push(engine)
    const running = await startServer({
      engine,
      listen: ANY_PORT,
      http: ANY_PORT,
      users: this.#users,
    })
    const server = Object.assign(running, { address: writtenAddress(running.grpcAddress) })
    this.servers.push(server)
    return server
  }

  /** Of all servers together. */
  async metric(name: string): Promise<number> {
    const values = await Promise.all(this.servers.map((server) => metricOf(server, name)))
    return values.reduce((sum, value) => sum + value, 0)
  }

  #door(): Engine {
    const engine = this.#memory
    return {
      name: engine.name,
      durable: engine.durable,
      members: this.members,
      claim: (partition, owner, above) => engine.claim(partition, owner, above),
      ownerOf: (partition) => engine.ownerOf(partition),
      partitions: (prefix) => engine.partitions(prefix),
      peek: (partition, key) => engine.peek(partition, key),
      cut: () => engine.cut(),
      close: () => Promise.resolve(),
    }
  }

  /** In the order in which they came. */
  server(index: number): TownServer {
    const server = this.servers[index]
    if (server === undefined) throw new RangeError(`there is no server ${index}`)
    return server
  }

  /** The server that has claimed the node last. */
  async ownerOf(path: string): Promise<TownServer | undefined> {
    const ownership = await this.#engines[0]?.ownerOf(path)
    return this.servers.find(({ address }) => address === ownership?.address)
  }

  /** For `connect`: the servers in this order. */
  addressOf(...servers: readonly TownServer[]): string {
    return `grpc://${servers.map(({ address }) => address).join(',')}/local`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()))
    await Promise.all([...this.#engines, this.#memory].map((engine) => engine.close()))
  }
}

/** 0 for a server that has ended. */
export async function metricOf({ httpAddress }: RunningServer, name: string): Promise<number> {
  if (httpAddress === null) throw new Error('the server has no face for metrics')
  const { host, port } = httpAddress
  const response = await fetch(`http://${host}:${port}/metrics`).catch(() => null)
  if (response === null) return 0
  const value = new RegExp(`^tenure_${name} (\\S+)$`, 'm').exec(await response.text())?.[1]
  if (value === undefined) throw new Error(`there is no tenure_${name}`)
  return Number(value)
}
