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
  const parts = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/.exec(host)
  const port = parts?.[2] === undefined ? DEFAULT_PORT : Number(parts[2])
  if (parts === null || port < 1 || port > 65_535) {
    throw outOfRange(`"${host}" in "${text}" is no host:port: ${FORM}`)
  }
  return `${parts[1]}:${port}`
}

function withoutSecrets(text: string): string {
  return text.replace(/\/\/[^/?#]*@/, '//').replace(/\?.*$/, '')
}
