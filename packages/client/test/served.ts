/** A real server, and clients of it over either protocol. */
import type { ServerOptions } from '@tenure/server'
import { serversWanted, startServers } from '../../../test/servers-under-test.ts'
import { Client } from '../src/client.ts'
import type { LinkOptions } from '../src/link/grpc/ground.ts'
import { grpcDial } from '../src/link/grpc/grpc-channel.ts'
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
  const path = '/local/test'
  const servers = await startServers(path, options)
  const { port } = servers.first.grpcAddress
  const clients: Client[] = []
  const client = (hosts = `127.0.0.1:${port}`, linkOptions: LinkOptions = {}): Client => {
    const options = { ...onlyTo(hosts), ...linkOptions }
    const made = new Client(linkOver(protocol, `grpc://${hosts}/local`, options))
    clients.push(made)
    return made
  }
  if (options.users === undefined) await client().createNode(path)
  return {
    port,
    path,
    client,
    sessions: () => servers.sessions(),
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((each) => each.close()))
      await servers[Symbol.asyncDispose]()
    },
  }
}

/** Nobody listens there. */
const NOWHERE = '127.0.0.1:1'

/** What stands before one of several servers carries all that its clients do: they reach no other server. */
function onlyTo(hosts: string): LinkOptions {
  if (serversWanted() === 1) return {}
  const dial = grpcDial(false, {})
  return { dial: (host) => dial(hosts.split(',').includes(host) ? host : NOWHERE) }
}
