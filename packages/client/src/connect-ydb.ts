/** A client of a server, with what the environment says about credentials and certificates. */
import { readFileSync } from 'node:fs'
import { Client, type Surroundings } from './client.ts'
import { type Credentials, credentialsFrom, tlsFrom, type TlsOptions } from './credentials.ts'
import { YdbLink } from './link/ydb/link.ts'

export interface ConnectYdbOptions extends Surroundings {
  /** By default what the variables YDB_ANONYMOUS_CREDENTIALS, YDB_ACCESS_TOKEN_CREDENTIALS, YDB_STATIC_CREDENTIALS_USER say. */
  readonly credentials?: Credentials
  /** By default what the variables YDB_SSL_ROOT_CERTIFICATES(_FILE) and their like say. */
  readonly tls?: TlsOptions
}

/**
 * Connects to a Tenure server or a YDB cluster: `grpc://host:port/database`, `grpcs://` with TLS, several hosts by comma.
 * Nothing is sent before it is needed.
 *
 * @throws RangeError when the address has another form
 */
export function connectYdb(address: string, options: ConnectYdbOptions = {}): Client {
  const { clock, random } = options
  const { credentials = credentialsFrom(process.env) } = options
  const { tls = tlsFrom(process.env, readFileSync) } = options
  const link = new YdbLink(address, { credentials, tls, ...(clock === undefined ? {} : { clock }) })
  return new Client(link, {
    ...(clock === undefined ? {} : { clock }),
    ...(random === undefined ? {} : { random }),
  })
}
