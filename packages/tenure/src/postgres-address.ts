/**
 * The address of a deployment in PostgreSQL: `postgres://user:password@h1:5432,h2:5432/database?schema=tenure&sslmode=verify-full`.
 *
 * What it leaves out is taken from the variables that psql knows; `postgres:` alone is all that DATABASE_URL says. Passwords are never quoted.
 */
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { Engine } from '@tenure/engine'
import type { PostgresHost, PostgresPlace } from '@tenure/engine/postgres'
import { defined, settingsIn, unescaped } from './engine-address.ts'

const KIND = 'a PostgreSQL address'

const DEFAULT_PORT = 5432
const DEFAULT_SCHEMA = 'tenure'

/** What may stand behind the question mark: libpq's words, and `schema` and `connections`, which are ours. */
const SETTINGS = [
  'schema',
  'connections',
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'application_name',
  'connect_timeout',
  'options',
  'target_session_attrs',
] as const
type Setting = (typeof SETTINGS)[number]
type Settings = ReadonlyMap<Setting, string>

/** As libpq has them: without, if the server can, always; with its authority checked; with its name checked, too. */
const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
type SslMode = (typeof SSL_MODES)[number]

type Files = { readonly ca?: string; readonly cert?: string; readonly key?: string }

export interface PostgresAddress {
  readonly kind: 'postgres'
  readonly place: Omit<PostgresPlace, 'tls' | 'tlsUse'>
  readonly sslMode: SslMode
  /** Names of PEM files. */
  readonly files: Files
  readonly connectionsMax?: number
}

type Environment = Readonly<Record<string, string | undefined>>

const SCHEME = /^postgres(?:ql)?:/
const FORM =
  /^postgres(?:ql)?:(?:\/\/(?:(?<login>[^@/?]*)@)?(?<hosts>[^/?@]*)(?:\/(?<database>[^?]*))?)?(?:\?(?<query>.*))?$/

/** What the address says, then the variable. */
type Asked = (name: Setting, variable: string) => string | undefined

/**
 * @returns null when the scheme is another one
 * @throws RangeError when the address cannot be
 */
export function parsePostgresAddress(
  url: string,
  environment: Environment = process.env,
): PostgresAddress | null {
  if (!SCHEME.test(url)) return null
  const known = environment['DATABASE_URL']
  const isBare = /^postgres(?:ql)?:(?:\/\/)?$/.test(url)
  const written = isBare && known !== undefined && SCHEME.test(known) ? known : url
  const { groups } = FORM.exec(written) ?? {}
  if (groups === undefined) {
    throw new RangeError(
      'this is no address of a PostgreSQL database: write postgres://user@host:5432/database',
    )
  }
  const settings = settingsOf(groups['query'] ?? '')
  const asked: Asked = (name, variable) =>
    settings.get(name) ?? (environment[variable] || undefined)
  return {
    kind: 'postgres',
    place: placeOf({ ...groups, asked, settings }),
    sslMode: sslModeOf(asked('sslmode', 'PGSSLMODE')),
    files: defined({
      ca: asked('sslrootcert', 'PGSSLROOTCERT'),
      cert: asked('sslcert', 'PGSSLCERT'),
      key: asked('sslkey', 'PGSSLKEY'),
    }),
    ...defined({ connectionsMax: countOf(settings, 'connections') }),
  }
}

/** @throws EngineError when the database cannot be used; what the system says when a file cannot be read */
export async function openPostgres(
  address: PostgresAddress,
  allowUnsafe: boolean,
): Promise<Engine> {
  const { openPostgresEngine } = await import('@tenure/engine/postgres')
  const { place, sslMode, files, connectionsMax } = address
  const tlsUse = sslMode === 'disable' || sslMode === 'prefer' ? sslMode : 'require'
  return openPostgresEngine(
    { ...place, tlsUse, tls: tlsOf(sslMode, files) },
    { allowUnsafe, ...(connectionsMax !== undefined && { connectionsMax }) },
  )
}

function placeOf(written: {
  readonly login?: string
  readonly hosts?: string
  readonly database?: string
  readonly asked: Asked
  readonly settings: Settings
}): PostgresAddress['place'] {
  const { asked, settings } = written
  const login = loginOf(written.login)
  const user = login.user ?? asked('user', 'PGUSER') ?? userInfo().username
  const seconds = countOf(settings, 'connect_timeout')
  return {
    hosts: hostsOf(written.hosts ?? '', asked('host', 'PGHOST'), asked('port', 'PGPORT')),
    user,
    database: unescaped(written.database ?? '', KIND) || (asked('dbname', 'PGDATABASE') ?? user),
    schema: schemaOf(settings),
    ...defined({
      password: login.password ?? asked('password', 'PGPASSWORD'),
      applicationName: asked('application_name', 'PGAPPNAME'),
      settings: asked('options', 'PGOPTIONS'),
    }),
    ...defined({ connectMs: seconds === undefined ? undefined : seconds * 1_000 }),
  }
}

function tlsOf(sslMode: SslMode, { ca, cert, key }: Files): NonNullable<PostgresPlace['tls']> {
  // As for libpq: who names an authority has it asked, also with `require`.
  const isVerified = sslMode.startsWith('verify') || (sslMode === 'require' && ca !== undefined)
  return {
    rejectUnauthorized: isVerified,
    ...(isVerified && sslMode !== 'verify-full' && { checkServerIdentity: () => undefined }),
    ...(ca !== undefined && ca !== 'system' && { ca: readFileSync(ca) }),
    ...(cert !== undefined && { cert: readFileSync(cert) }),
    ...(key !== undefined && { key: readFileSync(key) }),
  }
}

function hostsOf(
  written: string,
  asked: string | undefined,
  port: string | undefined,
): PostgresHost[] {
  const hosts = (written === '' ? (asked ?? '127.0.0.1') : written).split(',')
  const ports = (port ?? '').split(',')
  return hosts.map((host, at) => hostOf(unescaped(host.trim(), KIND), ports[at] ?? ports[0] ?? ''))
}

function hostOf(written: string, port: string): PostgresHost {
  const usual = port === '' ? DEFAULT_PORT : Number(port)
  if (written.startsWith('/')) return { host: written, port: usual }
  const found = /^(?:\[(?<v6>[^\]]+)\]|(?<name>[^:[\]]+))(?::(?<port>\d{1,5}))?$/.exec(written)
  const { v6, name, port: own } = found?.groups ?? {}
  const host = v6 ?? name
  const number = own === undefined ? usual : Number(own)
  if (host === undefined || !(number >= 1 && number <= 65_535)) {
    throw new RangeError(`"${written}" is no PostgreSQL server: write host:5432 or [::1]:5432`)
  }
  return { host, port: number }
}

function loginOf(written: string | undefined): { user?: string; password?: string } {
  if (written === undefined || written === '') return {}
  const colon = written.indexOf(':')
  if (colon < 0) return { user: unescaped(written, KIND) }
  const user = unescaped(written.slice(0, colon), KIND)
  return { ...(user !== '' && { user }), password: unescaped(written.slice(colon + 1), KIND) }
}

function settingsOf(query: string): Settings {
  const settings = settingsIn(query, SETTINGS, KIND)
  const target = settings.get('target_session_attrs') ?? 'read-write'
  if (!['any', 'read-write', 'primary'].includes(target)) {
    throw new RangeError(
      `target_session_attrs=${target} cannot be: only a server that takes writes is used, which is "read-write"`,
    )
  }
  return settings
}

function schemaOf(settings: Settings): string {
  const schema = settings.get('schema') ?? DEFAULT_SCHEMA
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema) || schema.startsWith('pg_')) {
    throw new RangeError(
      `"${schema}" is no schema of a deployment: write up to 63 small letters, digits and _`,
    )
  }
  return schema
}

function sslModeOf(text = 'prefer'): SslMode {
  const known = SSL_MODES.find((mode) => mode === text)
  if (known === undefined) {
    throw new RangeError(`sslmode must be one of ${SSL_MODES.join(', ')}, got "${text}"`)
  }
  return known
}

function countOf(settings: Settings, name: Setting): number | undefined {
  const text = settings.get(name)
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,5}$/.test(text)) {
    throw new RangeError(`${name} must be a whole number from 1, got "${text}"`)
  }
  return Number(text)
}
