/**
 * Addresses of servers: `grpc://host:port/database`, `grpcs://` with TLS, several hosts by comma, as YDB writes them.
 */
import { outOfRange } from './wrong-argument.ts'

export interface ServerAddress {
  readonly secure: boolean
  /** Each `host:port`, in the order given. */
  readonly hosts: readonly string[]
  /** An absolute path, such as `/local`. */
  readonly database: string
  /** As the user gave it, without a password or a token. */
  readonly text: string
}

const DEFAULT_PORT = 2136
const PORT_MAX = 65_535
/** `/` begins what is no host: a path, or a scheme such as `unix:///` that gRPC would follow. */
const HOST = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s/]+)(?::(\d{1,5}))?$/
const FORM = 'write grpc://host:port/database, or grpcs:// for TLS; several hosts by comma'

/** @throws RangeError when the address has another form */
export function parseConnectionString(text: string): ServerAddress {
  const parts = /^(grpcs?):\/\/([^/?#]+)(\/[^?#]*)?(?:\?([^#]*))?$/.exec(text)
  if (parts === null) throw outOfRange(`"${withoutSecrets(text)}" is no address: ${FORM}`)
  const [, scheme, authority = '', path = '', query = ''] = parts
  if (authority.includes('@')) {
    throw outOfRange(
      `"${withoutSecrets(text)}" holds a user or a password: give them as credentials, not in the address`,
    )
  }
  const database = new URLSearchParams(query).get('database') ?? decodeURI(path)
  if (database === '' || database === '/') {
    throw outOfRange(`"${text}" names no database: ${FORM}`)
  }
  return {
    secure: scheme === 'grpcs',
    hosts: authority.split(',').map((host) => hostOf(host, text)),
    database: database.startsWith('/') ? database : `/${database}`,
    text: withoutSecrets(text),
  }
}

function hostOf(host: string, text: string): string {
  const parts = HOST.exec(host)
  const port = parts?.[2] === undefined ? DEFAULT_PORT : Number(parts[2])
  if (parts === null || !isPort(port)) {
    throw outOfRange(`"${host}" in "${text}" is no host:port: ${FORM}`)
  }
  return `${parts[1]}:${port}`
}

/** Whether a text names a host and a port, and nothing else. */
export function isHostAndPort(text: string): boolean {
  const port = HOST.exec(text)?.[2]
  return port !== undefined && isPort(Number(port))
}

function isPort(port: number): boolean {
  return port >= 1 && port <= PORT_MAX
}

function withoutSecrets(text: string): string {
  return text.replace(/\/\/[^/?#]*@/, '//').replace(/\?.*$/, '')
}
