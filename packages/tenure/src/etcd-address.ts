/**
 * The address of an etcd cluster: `etcd://h1:2379,h2:2379,h3:2379/prefix`, or `etcds://…` for TLS.
 *
 * What the address leaves out is taken from the variables that etcdctl knows. Passwords are never quoted.
 */
import { readFileSync } from 'node:fs'
import type { Engine } from '@tenure/engine'
import { defined, settingsIn, unescaped } from './engine-address.ts'

const KIND = 'an etcd address'

const DEFAULT_PORT = 2379
const DEFAULT_ENDPOINT = '127.0.0.1:2379'

/** What may stand behind the question mark. */
const SETTINGS = ['ca', 'cert', 'key', 'max-txn-ops', 'max-request-bytes'] as const
type Setting = (typeof SETTINGS)[number]

export interface EtcdAddress {
  readonly kind: 'etcd'
  readonly endpoints: readonly string[]
  readonly prefix: string
  /** Names of PEM files; null without TLS. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | null
  readonly login: { readonly user: string; readonly password: string } | null
  readonly maxTxnOps?: number
  readonly maxRequestBytes?: number
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * @returns null when the scheme is another one
 * @throws RangeError when the address cannot be
 */
export function parseEtcdAddress(
  url: string,
  environment: Environment = process.env,
): EtcdAddress | null {
  const { scheme, login, hosts, prefix, query } =
    /^(?<scheme>etcds?):\/\/(?:(?<login>[^@/]*)@)?(?<hosts>[^/?@]*)(?<prefix>\/[^?]*)?(?:\?(?<query>.*))?$/.exec(
      url,
    )?.groups ?? {}
  if (scheme === undefined) {
    if (!/^etcds?:/.test(url)) return null
    throw new RangeError('this is no address of an etcd cluster: write etcd://host:2379/prefix')
  }
  const settings = settingsIn(query ?? '', SETTINGS, KIND)
  const places = placesOf(hosts ?? '', environment)
  const isSecure = scheme === 'etcds' || places.isSecure
  const limits = {
    maxTxnOps: countOf(settings, 'max-txn-ops'),
    maxRequestBytes: countOf(settings, 'max-request-bytes'),
  }
  return {
    kind: 'etcd',
    endpoints: places.endpoints,
    prefix: prefixOf(prefix ?? ''),
    tls: isSecure ? filesOf(settings, environment) : null,
    login: loginOf(login, environment),
    ...defined(limits),
  }
}

/** @throws EngineError when the cluster cannot be used; what the system says when a file cannot be read */
export async function openEtcd(address: EtcdAddress): Promise<Engine> {
  const { openEtcdEngine } = await import('@tenure/engine/etcd')
  const { endpoints, prefix, tls, login, maxTxnOps, maxRequestBytes } = address
  return openEtcdEngine({
    endpoints,
    prefix,
    ...(tls && { tls: contentsOf(tls) }),
    ...login,
    ...defined({ maxTxnOps, maxRequestBytes }),
  })
}

function placesOf(
  hosts: string,
  environment: Environment,
): { readonly endpoints: readonly string[]; readonly isSecure: boolean } {
  const written = hosts === '' ? (environment['ETCDCTL_ENDPOINTS'] ?? DEFAULT_ENDPOINT) : hosts
  const places = written.split(',').map((place) => place.trim())
  return {
    endpoints: places.map((place) => endpointOf(place.replace(/^https?:\/\//, ''))),
    isSecure: places.every((place) => place.startsWith('https://')),
  }
}

function endpointOf(place: string): string {
  const { host, port } =
    /^(?<host>\[[^\]]+\]|[^:/[\]]+)(?::(?<port>\d{1,5}))?$/.exec(place)?.groups ?? {}
  if (host === undefined || Number(port) > 65_535) {
    throw new RangeError(`"${place}" is no etcd member: write host:2379 or [::1]:2379`)
  }
  return `${host}:${port ?? DEFAULT_PORT}`
}

function prefixOf(path: string): string {
  const prefix = unescaped(path, KIND).replace(/\/+$/, '')
  return prefix === '' ? '/tenure' : prefix
}

function loginOf(written: string | undefined, environment: Environment): EtcdAddress['login'] {
  const text = written ?? environment['ETCDCTL_USER']
  if (text === undefined || text === '') return null
  const colon = text.indexOf(':')
  const [user, password] =
    colon < 0
      ? [text, environment['ETCDCTL_PASSWORD'] ?? '']
      : [text.slice(0, colon), text.slice(colon + 1)]
  // etcdctl takes the variable as it is; an address has escapes.
  if (written === undefined) return { user, password }
  return { user: unescaped(user, KIND), password: unescaped(password, KIND) }
}

function filesOf(
  settings: ReadonlyMap<Setting, string>,
  environment: Environment,
): NonNullable<EtcdAddress['tls']> {
  return defined({
    ca: settings.get('ca') ?? environment['ETCDCTL_CACERT'],
    cert: settings.get('cert') ?? environment['ETCDCTL_CERT'],
    key: settings.get('key') ?? environment['ETCDCTL_KEY'],
  })
}

function contentsOf(files: NonNullable<EtcdAddress['tls']>): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(files).map(([name, file]) => [name, readFileSync(file)]))
}

function countOf(settings: ReadonlyMap<Setting, string>, name: Setting): number | undefined {
  const text = settings.get(name)
  if (text === undefined) return undefined
  if (!/^\d{1,10}$/.test(text)) throw new RangeError(`${name} must be a number, got "${text}"`)
  return Number(text)
}
