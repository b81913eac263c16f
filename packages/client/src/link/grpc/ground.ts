/** What stands behind all links to the servers of one address: connections, tokens, time. */
import { type Clock, systemClock } from '../../clock.ts'
import { parseConnectionString } from '../../connection-string.ts'
import type { Credentials, TlsOptions } from '../../credentials.ts'
import type { Dial } from './channel.ts'
import { Channels } from './channels.ts'
import { grpcDial } from './grpc-channel.ts'
import { Tokens } from './tokens.ts'

export interface LinkOptions {
  readonly credentials?: Credentials
  readonly tls?: TlsOptions
  readonly clock?: Clock
  /** What makes connections: gRPC, unless a simulation brings a network of its own. */
  readonly dial?: Dial
}

export interface Ground {
  /** The address as the user gave it, for messages. Holds no secrets. */
  readonly address: string
  /** An absolute path, such as `/local`. */
  readonly database: string
  readonly channels: Channels
  readonly tokens: Tokens
  readonly clock: Clock
  /** The ground of another server, `host:port`, that one of these has named; null where no other can be reached. */
  readonly to: ((host: string) => Ground) | null
}

/**
 * Nothing is connected before it is needed.
 *
 * @throws RangeError when the address has another form
 */
export function groundOf(connectionString: string, options: LinkOptions = {}): Ground {
  const { credentials = { kind: 'anonymous' }, tls = {}, clock = systemClock } = options
  const { text, database, secure, hosts } = parseConnectionString(connectionString)
  const { dial = grpcDial(secure, tls) } = options
  const groundAt = (places: readonly string[]): Ground => {
    const channels = new Channels(places, dial)
    const tokens = new Tokens({ channels, database, credentials, clock })
    return { address: text, database, channels, tokens, clock, to: (host) => groundAt([host]) }
  }
  return groundAt(hosts)
}

/** A path without a leading slash is taken from the database. */
export function absolutePath({ database }: Ground, path: string): string {
  return path.startsWith('/') ? path : `${database}/${path}`
}

/** What is asked of a node, for messages. */
export function askedOfNode({ address }: Ground, verb: string, path: string): string {
  return `cannot ${verb} node "${path}" at ${address}`
}
