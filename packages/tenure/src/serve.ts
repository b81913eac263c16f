/**
 * A server inside this process: engine, host and both faces, from one set of options.
 */
import type { Engine } from '@tenure/engine'
import type { ListenAddress, Log, RunningServer } from '@tenure/server'
import { DEFAULT_DATABASE, DEFAULT_HTTP, DEFAULT_LISTEN } from './address.ts'
import { type EngineUrl, openEngine, parseEngine, realFolder } from './engine-url.ts'
import type { NodeSetup, ThemeChange } from './node-setup.ts'
import { Entrance } from './shared/entrance.ts'
import { ownVersion } from './version.ts'

export interface ServeOptions {
  /**
   * Where everything is kept: `memory:` (nothing is, the default), `file:DIR`, `etcd://h1:2379,h2:2379,h3:2379/PREFIX` or
   * `postgres://user@host:5432/database`.
   */
  readonly engine?: string
  /** `host:port` for clients; port 0 takes any that is free. By default `127.0.0.1:2136`. */
  readonly listen?: string
  /** `host:port` for health, metrics and the status page; null for none. By default `127.0.0.1:8765`. */
  readonly http?: string | null
  /** What all paths begin with; by default `/local`. */
  readonly database?: string
  /**
   * `host:port` at which other servers on the same engine and clients reach this one; by default where it listens. Needed when it listens on all
   * addresses and the engine is one that servers share.
   */
  readonly advertise?: string
  /** So long after a server of the cluster died or fell silent its nodes go to others, in ms; by default 5,000. */
  readonly noticeMs?: number
  /** Use an engine whose settings may lose what was acknowledged. Logged, and the metric `tenure_engine_unsafe` tells it. */
  readonly allowUnsafeEngine?: boolean
  /** Listen on an address that other machines can reach, although nobody is asked who they are. */
  readonly insecure?: boolean
  /** Names and passwords. With any, every call but Login needs a token; without, everybody is anonymous and welcome. */
  readonly users?: Readonly<Record<string, string>>
  /** Coordination nodes that are made when they are absent, with themes of their session logs, before anybody is served. */
  readonly nodes?: readonly NodeSetup[]
  readonly log?: Log
}

export interface Serving extends AsyncDisposable {
  /** For `connect`. */
  readonly address: string
  /** `host:port`, with the port that was taken. */
  readonly listen: string
  readonly http: string | null
  /** What people call the engine. */
  readonly engine: string
  /** Whether anything outlives the process. */
  readonly durable: boolean
  readonly database: string
  /** Aborts with the error after which the engine can do nothing any more: close the server then, and start another. */
  readonly failed: AbortSignal
  /**
   * Makes nodes and configures themes while the server runs. What is with handlers stays there; themes that are not named stay as they are.
   *
   * @returns the themes that were not so before
   * @throws NodeSetupError for the first node that could not be set up
   */
  configure(nodes: readonly NodeSetup[]): Promise<readonly ThemeChange[]>
  /** Answers what was accepted, then ends. Sessions live on in what is stored. */
  close(): Promise<void>
}

/**
 * Starts a server. One that keeps everything in a directory also answers the programs of this machine that connect to `file:DIR`.
 *
 * @throws RangeError for options that cannot be; HeldError when another process has the directory open; what the system says
 *   when an address cannot be listened on
 */
export async function serve(options: ServeOptions = {}): Promise<Serving> {
  const {
    engine: engineAddress = 'memory:',
    insecure = false,
    users = {},
    nodes = [],
    log,
  } = options
  const { database = DEFAULT_DATABASE, http = DEFAULT_HTTP, advertise, noticeMs } = options
  const url = parseEngine(engineAddress)
  const listen = parseListen(options.listen ?? DEFAULT_LISTEN)
  const httpListen = http === null ? null : parseListen(http)
  const engine = await openEngine(url, options.allowUnsafeEngine)
  tellDangers(engine, log)
  try {
    const faces = { listen, http: httpListen, database, insecure, users }
    // A program that only connects does not load a server.
    const { startServer, writtenAddress } = await import('@tenure/server')
    const { setUpNodes } = await import('./node-setup.ts')
    const more = {
      ...(log === undefined ? {} : { log }),
      ...(advertise === undefined ? {} : { advertise }),
      ...(noticeMs === undefined ? {} : { noticeMs }),
    }
    const server = await startServer({
      ...faces,
      ...more,
      engine,
      version: ownVersion(),
      prepare: async (host) => void (await setUpNodes({ host, database }, nodes)),
    })
    const entrance = await entranceOf(url, server, log)
    return serving(server, { engine, database, entrance, written: writtenAddress })
  } catch (error) {
    await engine.close()
    throw error
  }
}

function tellDangers({ unsafe = [] }: Engine, log: Log | undefined): void {
  for (const reason of unsafe) log?.warn('the engine is unsafe', { reason })
}

/** Programs that name the directory of a server are answered by it. @returns null where there is no directory */
async function entranceOf(
  url: EngineUrl,
  server: RunningServer,
  log: Log | undefined,
): Promise<Entrance | null> {
  if (url.kind !== 'file') return null
  try {
    const { host } = server
    return await Entrance.open(realFolder(url.folder), {
      host,
      ...(log === undefined ? {} : { log }),
    })
  } catch (error) {
    await server.stop()
    throw error
  }
}

interface Parts {
  readonly engine: Engine
  readonly entrance: Entrance | null
  readonly database: string
  readonly written: (address: ListenAddress) => string
}

function serving(server: RunningServer, parts: Parts): Serving {
  const { engine, database, written } = parts
  const { grpcAddress, httpAddress } = server
  const listen = written(grpcAddress)
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= stop(server, parts)
    return closing
  }
  return {
    address: `grpc://${listen}${database}`,
    listen,
    http: httpAddress === null ? null : written(httpAddress),
    engine: engine.name,
    durable: engine.durable,
    database,
    failed: engine.failed ?? new AbortController().signal,
    configure: async (nodes) => {
      const { setUpNodes } = await import('./node-setup.ts')
      return setUpNodes({ host: server.host, database }, nodes)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** `127.0.0.1:2136`, `localhost:0`, `[::1]:2136`. @throws RangeError for anything else */
export function parseListen(text: string): ListenAddress {
  const { v6, name, port } =
    /^(?:\[(?<v6>[^\]]+)\]|(?<name>[^:]+)):(?<port>\d{1,5})$/.exec(text)?.groups ?? {}
  const host = v6 ?? name
  if (host === undefined || Number(port) > 65_535) {
    throw new RangeError(`"${text}" is no address to listen on: write 127.0.0.1:2136 or [::1]:2136`)
  }
  return { host, port: Number(port) }
}

async function stop(server: RunningServer, { engine, entrance }: Parts): Promise<void> {
  entrance?.shut()
  try {
    await server.stop()
  } finally {
    await engine.close()
    await entrance?.clear()
  }
}
