/** Where a deployment is kept: servers, a database, a schema in it. */
import type { ConnectionOptions } from 'node:tls'

export interface PostgresHost {
  /** A name or an address; the directory of a Unix socket when it begins with `/`. */
  readonly host: string
  readonly port: number
}

/**
 * - `disable`: never
 * - `prefer`: when the server can, unverified; otherwise without
 * - `require`: always; who answers is checked as far as `tls` says
 */
export type TlsUse = 'disable' | 'prefer' | 'require'

export interface PostgresPlace {
  /** Tried in this order: the first that takes writes is used. */
  readonly hosts: readonly PostgresHost[]
  readonly user: string
  readonly password?: string
  readonly database: string
  /** Where the tables of this deployment are; made when it is absent. */
  readonly schema: string
  readonly tlsUse: TlsUse
  /** For what is encrypted. */
  readonly tls?: ConnectionOptions
  /** What `pg_stat_activity` shows. */
  readonly applicationName?: string
  /** Settings for each connection, as `-c name=value`; a pooler may refuse them. */
  readonly settings?: string
  /** The longest that one connection may take to be made. */
  readonly connectMs?: number
}

/** What people call it. Without user and password. */
export function titleOf({ hosts, database, schema }: PostgresPlace): string {
  const places = hosts.map(hostTitle).join(',')
  return `postgres ${places}/${database}, schema ${schema}`
}

export function hostTitle({ host, port }: PostgresHost): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
