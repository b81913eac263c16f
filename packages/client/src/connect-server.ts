/** A client of a server, with what the environment says about credentials and certificates. */
import { readFileSync } from 'node:fs'
import { Client, type Surroundings } from './client.ts'
import { type Credentials, credentialsFrom, tlsFrom, type TlsOptions } from './credentials.ts'
import type { LinkOptions } from './link/grpc/ground.ts'
import type { Link } from './link/link.ts'
import { ServerLink } from './link/server-link.ts'
import { TenureLink } from './link/tenure/link.ts'
import { YdbLink } from './link/ydb/link.ts'
import { outOfRange } from './wrong-argument.ts'

/** `'auto'`: Tenure's own protocol where the server speaks it, else YDB's. */
export type ProtocolChoice = 'auto' | 'tenure' | 'ydb'

export interface ConnectServerOptions extends Surroundings {
  /** By default what the variables YDB_ANONYMOUS_CREDENTIALS, YDB_ACCESS_TOKEN_CREDENTIALS, YDB_STATIC_CREDENTIALS_USER say. */
  readonly credentials?: Credentials
  /** By default what the variables YDB_SSL_ROOT_CERTIFICATES(_FILE) and their like say. */
  readonly tls?: TlsOptions
  /** `'auto'` by default. With `'tenure'` a server that lacks it is an UnsupportedError. */
  readonly protocol?: ProtocolChoice
}

const LINKS: Readonly<Record<ProtocolChoice, new (address: string, options: LinkOptions) => Link>> =
  { auto: ServerLink, tenure: TenureLink, ydb: YdbLink }

/**
 * Connects to a Tenure server or a YDB cluster: `grpc://host:port/database`, `grpcs://` with TLS, several hosts by comma.
 * Nothing is sent before it is needed.
 *
 * @throws RangeError when the address has another form, or there is no such protocol
 */
export function connectServer(address: string, options: ConnectServerOptions = {}): Client {
  const { clock, random, protocol = 'auto' } = options
  const { credentials = credentialsFrom(process.env) } = options
  const { tls = tlsFrom(process.env, readFileSync) } = options
  if (!Object.hasOwn(LINKS, protocol)) {
    throw outOfRange(`the protocol must be "auto", "tenure" or "ydb", got "${protocol}"`)
  }
  const ServersLink = LINKS[protocol]
  const withClock = clock === undefined ? {} : { clock }
  const link = new ServersLink(address, { credentials, tls, ...withClock })
  return new Client(link, { ...withClock, ...(random === undefined ? {} : { random }) })
}
