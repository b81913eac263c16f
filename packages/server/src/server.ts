/**
 * One server: a host of coordination nodes behind a gRPC face and an HTTP face.
 *
 * It stops in this order: health says so, nothing new is taken, tasks are taken back from handlers, what was accepted is answered,
 * streams end with a failure that makes clients come back, listeners close.
 */
import type { Engine } from '@tenure/engine'
import { Cluster, type Self } from './cluster/cluster.ts'
import { type Clock, systemClock } from './clock.ts'
import { ConnectionCalls } from './grpc/connection-call.ts'
import { GrpcServer } from './grpc/grpc-server.ts'
import { Health } from './grpc/health.ts'
import { PEER_PATH, PeerCalls } from './grpc/peer-calls.ts'
import { peerDial } from './grpc/peer-line.ts'
import { reflectionHandlers, SERVICE_NAMES } from './grpc/reflection.ts'
import { SessionCalls } from './grpc/session-call.ts'
import { unaryHandler } from './grpc/unary-call.ts'
import type { CallHandler } from './grpc/grpc-server.ts'
import { GrpcHandlerEndpoint } from './grpc/handler-endpoint.ts'
import { Host, type HostContract } from './host/host.ts'
import type { HostStatistics } from './host/statistics.ts'
import { HttpHandlerEndpoint } from './http/handler-endpoint.ts'
import { HttpFace } from './http/http-face.ts'
import { isWildcard, type ListenAddress, writtenAddress } from './listen-address.ts'
import { type Log, silentLog } from './log.ts'
import { isLoopback } from './loopback.ts'
import { readLineage, wholeIncarnation } from './moving/lineage.ts'
import { type Random, systemRandom } from './random.ts'
import { Accounts, type TokenReach, type Users } from './services/accounts.ts'
import type { ServiceContext } from './services/call.ts'
import { Deliveries, type ThemedHost } from './services/delivery/deliveries.ts'
import type { Dial } from './services/delivery/endpoint.ts'
import { unaryMethods } from './services/methods.ts'
import { NO_NEIGHBOURS } from './services/neighbours.ts'
import { canonicalDatabase } from './services/paths.ts'
import { within } from './within.ts'
import { CONNECT_PATH, SESSION } from '@tenure/protocol'

export interface ServerOptions {
  /** Stays the caller's: stopping the server does not close it. */
  readonly engine: Engine
  /** Default 127.0.0.1:2136. */
  readonly listen?: ListenAddress
  /** Default 127.0.0.1:8765; null for no HTTP face. */
  readonly http?: ListenAddress | null
  /** Default `/local`. */
  readonly database?: string
  /** Passwords by name. When there is one, every call but `Login` and health needs a token. */
  readonly users?: Users
  /** Listen on an address that other machines can reach, though nothing is encrypted. */
  readonly insecure?: boolean
  readonly log?: Log
  readonly version?: string
  readonly clock?: Clock
  readonly random?: Random
  /**
   * `host:port` at which other servers and clients reach this one; by default where it listens. Of use where the engine is shared by several
   * servers.
   */
  readonly advertise?: string
  /** So long after a server died or fell silent its nodes go to others; by default 5,000. */
  readonly noticeMs?: number
  /** Done before anybody is served. When it fails, so does the start. */
  readonly prepare?: (host: HostContract) => Promise<void>
}

export interface RunningServer {
  readonly grpcAddress: ListenAddress
  readonly httpAddress: ListenAddress | null
  readonly host: HostContract
  /** Of the nodes that run here. */
  statistics(): HostStatistics
  /** Stops in good order within bounded time. */
  stop(): Promise<void>
}

/** Nobody guesses it: who knows it has read it in the engine. */
const SERVER_ID_BYTES = 16
const NOTICE_MS = 5_000

const DEFAULT_LISTEN: ListenAddress = { host: '127.0.0.1', port: 2136 }
const DEFAULT_HTTP: ListenAddress = { host: '127.0.0.1', port: 8765 }

/** How long clients may take to read the end of their streams. */
const STOP_MS = 5_000

/**
 * @throws RangeError for an address that is not allowed or a name that is none; EngineError when a restore into the engine has not come to
 *   its end; or what the listener reports
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const listen = options.listen ?? DEFAULT_LISTEN
  const http = options.http === undefined ? DEFAULT_HTTP : options.http
  for (const address of http === null ? [listen] : [listen, http]) {
    assertSafe(address, options.insecure ?? false)
  }
  assertReachable(options, listen)
  const incarnation = wholeIncarnation(await readLineage(options.engine), options.engine.name)
  const server = new Server({ ...options, incarnation }, listen)
  await server.start(options, { listen, http })
  return server
}

function assertSafe(address: ListenAddress, insecure: boolean): void {
  if (insecure || isLoopback(address.host)) return
  throw new RangeError(
    `${address.host} can be reached from other machines, and nothing here is encrypted; listen on 127.0.0.1 or allow it with "insecure"`,
  )
}

/** Other servers are told where this one is. */
function assertReachable({ engine, advertise }: ServerOptions, listen: ListenAddress): void {
  if (engine.members === undefined || advertise !== undefined || !isWildcard(listen)) return
  throw new RangeError(
    `${listen.host} is no address at which other servers reach this one: say it with "advertise"`,
  )
}

function dialWith(clock: Clock): Dial {
  return (address) =>
    address.kind === 'grpc'
      ? new GrpcHandlerEndpoint(address, clock)
      : new HttpHandlerEndpoint(address, clock)
}

class Server implements RunningServer {
  readonly host: ThemedHost & HostContract
  readonly #self: Self
  readonly #cluster: Cluster | null
  readonly #local: Host
  readonly #clock: Clock
  readonly #grpc: GrpcServer
  readonly #health: Health = new Health(SERVICE_NAMES)
  readonly #sessions: SessionCalls
  readonly #clients: ConnectionCalls
  readonly #peers: PeerCalls | null
  readonly #deliveries: Deliveries
  readonly #http: HttpFace
  #grpcAddress: ListenAddress = DEFAULT_LISTEN
  #httpAddress: ListenAddress | null = null
  #stopping: Promise<void> | null = null

  constructor(options: ServerOptions & { incarnation: bigint }, listen: ListenAddress) {
    const { incarnation } = options
    const { engine, log = silentLog, clock = systemClock, random = systemRandom } = options
    this.#clock = clock
    this.#deliveries = new Deliveries({ clock, random, log, dial: dialWith(clock) })
    this.#self = { id: Buffer.from(random.bytes(SERVER_ID_BYTES)).toString('hex'), address: '' }
    const local = new Host({
      engine,
      clock,
      random,
      log,
      owner: this.#self,
      incarnation,
      themesChanged: (path, themes) => this.#deliveries.themesChanged(path, themes),
    })
    this.#local = local
    this.#cluster = this.#clusterOf(options, local)
    this.host = this.#cluster?.host ?? local
    const context: ServiceContext = {
      host: this.host,
      clock,
      random,
      log,
      database: canonicalDatabase(options.database ?? '/local'),
      accounts: this.#accountsOf(options, this.#cluster === null ? 'server' : 'cluster'),
      neighbours: this.#cluster?.neighbours ?? NO_NEIGHBOURS,
    }
    this.#peers = this.#peersOf(options)
    this.#sessions = new SessionCalls(context)
    this.#clients = new ConnectionCalls(context)
    const withReflection = isLoopback(listen.host)
    const handlers = new Map<string, CallHandler>([
      ...unaryMethods(context).map((method): [string, CallHandler] => [
        method.path,
        unaryHandler(method, context),
      ]),
      [SESSION.path, this.#sessions.handler],
      [CONNECT_PATH, this.#clients.handler],
      ...(this.#peers === null ? [] : [[PEER_PATH, this.#peers.handler] as const]),
      ...this.#health.handlers,
      ...(withReflection ? reflectionHandlers() : []),
    ])
    this.#grpc = new GrpcServer({ clock, log, handlers })
    this.#http = new HttpFace({
      engine,
      host: this.host,
      statistics: () => this.statistics(),
      clock,
      database: context.database,
      version: options.version ?? 'unknown',
      isStopping: () => this.#stopping !== null,
      streams: () => this.#sessions.size,
      clients: () => this.#clients.size,
      connections: () => this.#grpc.connections,
      calls: () => this.#grpc.calls,
      destinations: () => this.#deliveries.statistics,
      grpcAddress: () => this.#grpcAddress,
      cluster: this.#cluster,
    })
  }

  statistics(): HostStatistics {
    return this.#local.statistics()
  }

  get grpcAddress(): ListenAddress {
    return this.#grpcAddress
  }

  get httpAddress(): ListenAddress | null {
    return this.#httpAddress
  }

  #accountsOf({ users = {}, random = systemRandom }: ServerOptions, reach: TokenReach): Accounts {
    return new Accounts(users, this.#clock, random, reach)
  }

  #clusterOf(options: ServerOptions, local: Host): Cluster | null {
    const { engine, log = silentLog, clock = systemClock, noticeMs = NOTICE_MS } = options
    if (engine.members === undefined) return null
    return new Cluster({
      members: engine.members,
      local,
      self: this.#self,
      noticeMs,
      dial: peerDial(clock),
      clock,
      log,
      leaving: (path) => this.#deliveries.leave(path),
      placed: () => this.#deliveries.look(),
    })
  }

  async start(
    { prepare, advertise }: ServerOptions,
    { listen, http }: { listen: ListenAddress; http: ListenAddress | null },
  ): Promise<void> {
    try {
      await this.#cluster?.begin()
      await prepare?.(this.host)
      const { port } = await this.#grpc.listen(listen.host, listen.port)
      this.#grpcAddress = { host: listen.host, port }
      this.#self.address = advertise ?? writtenAddress(this.#grpcAddress)
      if (http !== null) this.#httpAddress = await this.#http.listen(http)
      await this.#cluster?.join()
      this.#deliveries.start(this.host)
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  #peersOf({ log = silentLog }: ServerOptions): PeerCalls | null {
    if (this.#cluster === null) return null
    const { host: nodes, traffic } = this.#cluster
    return new PeerCalls({ key: this.#self.id, nodes, log, total: traffic.inward })
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#health.stop()
    const drained = this.#grpc.drain()
    await this.#cluster?.leave()
    this.#deliveries.stop()
    await this.host.close()
    this.#cluster?.end()
    this.#clients.stop()
    this.#peers?.stop()
    await within(this.#clock, STOP_MS, drained)
    this.#grpc.destroy()
    await drained
    await this.#http.close()
  }
}
