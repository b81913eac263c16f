/** The link to a host on this machine, at a socket in the file system. */
import { systemClock } from '../../clock.ts'
import { Channels } from '../grpc/channels.ts'
import { Tokens } from '../grpc/tokens.ts'
import type { Link } from '../link.ts'
import { TenureLink } from '../tenure/link.ts'
import { SocketChannel } from './socket-channel.ts'

export interface SocketLinkOptions {
  /** As the user gave it, for messages. */
  readonly address: string
  /** Path of the socket. */
  readonly socket: string
  /** What paths without a leading slash are below. */
  readonly database: string
}

/** Speaks Tenure's own protocol, as nobody in particular. Nothing is connected before it is needed. */
export function socketLink({ address, socket, database }: SocketLinkOptions): Link {
  const channels = new Channels([socket], (path) => new SocketChannel(path))
  const credentials = { kind: 'anonymous' } as const
  const tokens = new Tokens({ channels, database, credentials, clock: systemClock })
  return new TenureLink({ address, database, channels, tokens, clock: systemClock, to: null })
}
