/** A real server, and clients of it over either protocol. */
import type { ServerOptions } from '@tenure/server'
import { startServers } from '../../../test/servers-under-test.ts'
import { Client } from '../src/client.ts'
import { groundOf, type LinkOptions } from '../src/link/grpc/ground.ts'
import type { Link } from '../src/link/link.ts'
import { TenureLink } from '../src/link/tenure/link.ts'
import { YdbLink } from '../src/link/ydb/link.ts'

/** What a link may speak with a server. */
export const PROTOCOLS = ['tenure.v1', "YDB's protocol"] as const

export type ProtocolName = (typeof PROTOCOLS)[number]

export interface ServedLinkOptions extends LinkOptions {
  /** Of several servers the first one forwards: what stands before it carries all that the client does. */
  readonly staysThere?: boolean
}

export function linkOver(
  protocol: ProtocolName,
  address: string,
  { staysThere = false, ...options }: ServedLinkOptions = {},
): Link {
  if (protocol !== 'tenure.v1') return new YdbLink(address, options)
  const ground = groundOf(address, options)
  return new TenureLink(staysThere ? { ...ground, to: null } : ground)
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
  const first = `127.0.0.1:${port}`
  const clients: Client[] = []
  const client = (hosts = first, linkOptions: LinkOptions = {}): Client => {
    const options = { ...linkOptions, staysThere: hosts !== first }
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
