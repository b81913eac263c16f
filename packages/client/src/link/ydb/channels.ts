/**
 * The gRPC channels of a link: one at a time for all that is new, to one of the hosts of the address.
 *
 * A channel that has failed is left behind: whatever comes next gets a fresh one, to the next host. So a connection that looks
 * whole but carries nothing is not tried again, and a sound one that others still use is not torn from under them.
 */
import { type ChannelCredentials, Client, credentials } from '@grpc/grpc-js'
import type { ServerAddress } from '../../connection-string.ts'
import type { TlsOptions } from '../../credentials.ts'

const MESSAGE_MAX_BYTES = 64 * 1024 * 1024

const OPTIONS = {
  // Two channels to one host must be two connections, else a fresh one would not be fresh.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.max_receive_message_length': MESSAGE_MAX_BYTES,
  'grpc.max_send_message_length': MESSAGE_MAX_BYTES,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc.service_config_disable_resolution': 1,
}

/** The use of a channel by one call or stream. */
export interface ChannelUse {
  readonly client: Client
  readonly host: string
  /** The channel carries nothing: new uses shall get another one. */
  fail(): void
  /** The use has ended. */
  end(): void
}

interface Channel {
  readonly client: Client
  readonly host: string
  uses: number
}

export class Channels {
  readonly #hosts: readonly string[]
  readonly #credentials: ChannelCredentials
  #turn = 0
  #current: Channel | null = null
  #closed = false

  constructor(address: ServerAddress, tls: TlsOptions) {
    this.#hosts = address.hosts
    this.#credentials = address.secure ? secureCredentials(tls) : credentials.createInsecure()
  }

  use(): ChannelUse {
    const channel = this.#current ?? this.#open()
    channel.uses += 1
    let hasEnded = false
    return {
      client: channel.client,
      host: channel.host,
      fail: () => this.#leave(channel),
      end: () => {
        if (hasEnded) return
        hasEnded = true
        channel.uses -= 1
        if (channel.uses === 0 && (this.#current !== channel || this.#closed))
          channel.client.close()
      },
    }
  }

  /** No new channel is kept; the present one goes with its last use. */
  close(): void {
    this.#closed = true
    const channel = this.#current
    this.#current = null
    if (channel?.uses === 0) channel.client.close()
  }

  #open(): Channel {
    const host = this.#hosts[this.#turn % this.#hosts.length] ?? ''
    const channel = { client: new Client(host, this.#credentials, OPTIONS), host, uses: 0 }
    if (!this.#closed) this.#current = channel
    return channel
  }

  #leave(channel: Channel): void {
    if (this.#current !== channel) return
    this.#current = null
    this.#turn += 1
    if (channel.uses === 0) channel.client.close()
  }
}

function secureCredentials({ ca, certificate, privateKey }: TlsOptions): ChannelCredentials {
  return credentials.createSsl(pemOf(ca), pemOf(privateKey), pemOf(certificate))
}

function pemOf(text: Uint8Array | string | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text)
}
