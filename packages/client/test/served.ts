/** A real server, and clients of it over either protocol. */
import { startServer, type ServerOptions } from '@tenure/server'
import { openNewEngine } from '../../../test/engine-under-test.ts'
import { Client } from '../src/client.ts'
import type { LinkOptions } from '../src/link/grpc/ground.ts'
import type { Link } from '../src/link/link.ts'
import { TenureLink } from '../src/link/tenure/link.ts'
import { YdbLink } from '../src/link/ydb/link.ts'

/** What a link may speak with a server. */
export const PROTOCOLS = ['tenure.v1', "YDB's protocol"] as const

export type ProtocolName = (typeof PROTOCOLS)[number]

export function linkOver(protocol: ProtocolName, address: string, options: LinkOptions = {}): Link {
  return protocol === 'tenure.v1' ? new TenureLink(address, options) : new YdbLink(address, options)
}

export interface Served extends AsyncDisposable {
  readonly port: number
  /** A client of the server itself, or of what stands before it at `hosts`; closed with the server. */
  client(hosts?: string, options?: LinkOptions): Client
  /** A node that exists. */
  readonly path: string
  /** How many sessions there are. */
  sessions(): number
}

export async function served(
  protocol: ProtocolName,
  options: Partial<ServerOptions> = {},
): Promise<Served> {
  const listen = { host: '127.0.0.1', port: 0 }
  const engine = options.engine ?? (await openNewEngine())
  const server = await startServer({ http: null, ...options, engine, listen })
  const { port } = server.grpcAddress
  const clients: Client[] = []
  const path = '/local/test'
  const client = (hosts = `127.0.0.1:${port}`, linkOptions: LinkOptions = {}): Client => {
    const made = new Client(linkOver(protocol, `grpc://${hosts}/local`, linkOptions))
    clients.push(made)
    return made
  }
  if (options.users === undefined) await client().createNode(path)
  return {
    port,
    path,
    client,
    sessions: () => server.statistics().sessions,
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((each) => each.close()))
      await server.stop()
      if (options.engine === undefined) await engine.close()
    },
  }
}
