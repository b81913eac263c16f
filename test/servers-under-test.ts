/**
 * The servers behind which the suites of clients run: one, or as many on one engine as `TENURE_TEST_SERVERS` says. Clients are then given one that
 * does not have their node.
 */
import type { Engine } from '@tenure/engine'
import {
  type ListenAddress,
  type RunningServer,
  type ServerOptions,
  startServer,
  writtenAddress,
} from '@tenure/server'
import { ownerAmong } from '../packages/server/src/cluster/placement.ts'
import { openNewEngines } from './engine-under-test.ts'

export interface ServersUnderTest extends AsyncDisposable {
  /** For clients. */
  readonly first: RunningServer
  /** How many sessions all of them have. */
  sessions(): number
}

const LISTEN: ListenAddress = { host: '127.0.0.1', port: 0 }

/** @param path of the node that clients will use */
export async function startServers(
  path: string,
  options: Partial<ServerOptions> = {},
): Promise<ServersUnderTest> {
  const given = options.engine
  const engines = given === undefined ? await openNewEngines(serversWanted()) : [given]
  const servers = await Promise.all(
    engines.map((engine) => startServer({ http: null, listen: LISTEN, ...options, engine })),
  )
  const [any] = servers
  if (any === undefined) throw new RangeError('TENURE_TEST_SERVERS must be 1 or more')
  return {
    first: servers.find((server) => server !== ownerOf(path, servers)) ?? any,
    sessions: () => servers.reduce((sum, server) => sum + server.statistics().sessions, 0),
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server.stop()))
      if (given === undefined) await Promise.all(engines.map((engine: Engine) => engine.close()))
    },
  }
}

export function serversWanted(): number {
  return Number(process.env['TENURE_TEST_SERVERS'] ?? 1)
}

function ownerOf(path: string, servers: readonly RunningServer[]): RunningServer | undefined {
  const addresses = servers.map(({ grpcAddress }) => writtenAddress(grpcAddress))
  const owner = ownerAmong(
    path,
    addresses.map((address) => ({ id: address, address })),
  )
  return servers[addresses.indexOf(owner?.address ?? '')]
}
