/**
 * From an address to a client: in this process, or on a server.
 */
import type { Client, ConnectServerOptions } from '@tenure/client'
import { clientOver, connectServer, systemClock } from '@tenure/client'
import { effectiveAddress } from './address.ts'
import type { EngineUrl } from './engine-url.ts'
import { openEngine, parseEngineUrl, realFolder } from './engine-url.ts'
import { LocalLink } from './local/local-link.ts'
import type { WorldUse } from './local/world.ts'
import { Worlds } from './local/world.ts'

export type ConnectOptions = ConnectServerOptions

const worlds = new Worlds()

/**
 * A client. Nothing is connected before it is needed.
 *
 * @param address `memory:` or `memory:NAME` in this process, shared by all clients of that name, gone with the last of them;
 *   `file:DIR` in this process, kept in a directory; `grpc://host:port/database` or `grpcs://…` on a server. By default
 *   TENURE_CONNECTION_STRING, then YDB_CONNECTION_STRING, then `grpc://127.0.0.1:2136/local`
 * @throws RangeError when the address has another form
 */
export function connect(address?: string, options: ConnectOptions = {}): Client {
  const url = effectiveAddress(address)
  const engineUrl = parseEngineUrl(url)
  if (engineUrl !== null) return clientOver(new LocalLink(url, worldOf(engineUrl), systemClock))
  if (/^grpcs?:\/\//.test(url)) return connectServer(url, options)
  throw new RangeError(
    `"${url}" is no address: write grpc://host:port/database, grpcs://…, memory: or file:DIR`,
  )
}

function worldOf(url: EngineUrl): WorldUse {
  if (url.kind === 'etcd') {
    // Processes that each had a host of their own would take the nodes from each other, one request after the other.
    throw new RangeError(
      'programs share an etcd cluster through a server: run `tenure serve --engine etcd://…` and connect to grpc://host:port/database',
    )
  }
  if (url.kind === 'postgres') {
    throw new RangeError(
      'programs share a database through a server: run `tenure serve --engine postgres://…` and connect to grpc://host:port/database',
    )
  }
  const key = url.kind === 'memory' ? `memory:${url.name}` : `file:${realFolder(url.folder)}`
  return worlds.use(key, {
    openEngine: () => openEngine(url),
    // A program that only ever talks to a server elsewhere does not load one.
    openHost: async (engine) => (await import('./local/local-host.ts')).LocalHost.open(engine),
  })
}
