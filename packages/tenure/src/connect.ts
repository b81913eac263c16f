/**
 * From an address to a client: in this process, or on a server.
 */
import type { Client, ConnectServerOptions, Link } from '@tenure/client'
import { clientOver, connectServer, systemClock } from '@tenure/client'
import { effectiveAddress } from './address.ts'
import type { EngineUrl } from './engine-url.ts'
import { openEngine, parseEngineUrl, realFolder } from './engine-url.ts'
import { LocalLink } from './local/local-link.ts'
import type { WorldUse } from './local/world.ts'
import { Worlds } from './local/world.ts'
import { SharedDirectories } from './shared/shared-directories.ts'
import { SharedLink } from './shared/shared-link.ts'

export type ConnectOptions = ConnectServerOptions

const worlds = new Worlds()
const directories = new SharedDirectories()

/**
 * A client. Nothing is connected before it is needed.
 *
 * @param address `memory:` or `memory:NAME` in this process, shared by all clients of that name, gone with the last of them;
 *   `file:DIR` kept in a directory, shared by all processes of this machine that name it: one of them is the host of the others, and
 *   when it ends another one takes its place; `grpc://host:port/database` or `grpcs://…` on a server. By default
 *   TENURE_CONNECTION_STRING, then YDB_CONNECTION_STRING, then `grpc://127.0.0.1:2136/local`
 * @throws RangeError when the address has another form
 */
export function connect(address?: string, options: ConnectOptions = {}): Client {
  const url = effectiveAddress(address)
  const engineUrl = parseEngineUrl(url)
  if (engineUrl !== null) return clientOver(linkTo(engineUrl, url))
  if (/^grpcs?:\/\//.test(url)) return connectServer(url, options)
  throw new RangeError(
    `"${url}" is no address: write grpc://host:port/database, grpcs://…, memory: or file:DIR`,
  )
}

function linkTo(url: EngineUrl, address: string): Link {
  if (url.kind === 'memory') return new LocalLink(address, worldOf(url), systemClock)
  if (url.kind === 'file') {
    return new SharedLink(address, directories.use(address, realFolder(url.folder)))
  }
  // Processes that each had a host of their own would take the nodes from each other, one request after the other.
  const what = url.kind === 'etcd' ? 'an etcd cluster' : 'a database'
  throw new RangeError(
    `programs share ${what} through a server: run \`tenure serve --engine ${url.kind}://…\` and connect to grpc://host:port/database`,
  )
}

function worldOf(url: Extract<EngineUrl, { kind: 'memory' }>): WorldUse {
  return worlds.use(`memory:${url.name}`, {
    openEngine: () => openEngine(url),
    // A program that only ever talks to a server elsewhere does not load one.
    openHost: async (engine) => (await import('./local/local-host.ts')).LocalHost.open(engine),
  })
}
