/**
 * The channels of a link: one at a time for all that is new, to one of the hosts of the address.
 *
 * A channel that has failed is left behind: whatever comes next gets a fresh one, to the next host. So a connection that looks
 * whole but carries nothing is not tried again, and a sound one that others still use is not torn from under them.
 */
import type { Channel, Dial } from './channel.ts'

/** The use of a channel by one call or stream. */
export interface ChannelUse {
  readonly channel: Channel
  readonly host: string
  /** The channel carries nothing: new uses shall get another one. */
  fail(): void
  /** The use has ended. */
  end(): void
}

interface OpenChannel {
  readonly channel: Channel
  readonly host: string
  uses: number
}

export class Channels {
  readonly #hosts: readonly string[]
  readonly #dial: Dial
  #turn = 0
  #current: OpenChannel | null = null
  #closed = false

  constructor(hosts: readonly string[], dial: Dial) {
    this.#hosts = hosts
    this.#dial = dial
  }

  use(): ChannelUse {
    const open = this.#current ?? this.#open()
    open.uses += 1
    let hasEnded = false
    return {
      channel: open.channel,
      host: open.host,
      fail: () => this.#leave(open),
      end: () => {
        if (hasEnded) return
        hasEnded = true
        open.uses -= 1
        if (open.uses === 0 && (this.#current !== open || this.#closed)) open.channel.close()
      },
    }
  }

  /** No new channel is kept; the present one goes with its last use. */
  close(): void {
    this.#closed = true
    const open = this.#current
    this.#current = null
    if (open?.uses === 0) open.channel.close()
  }

  #open(): OpenChannel {
    const host = this.#hosts[this.#turn % this.#hosts.length] ?? ''
    const open = { channel: this.#dial(host), host, uses: 0 }
    if (!this.#closed) this.#current = open
    return open
  }

  #leave(open: OpenChannel): void {
    if (this.#current !== open) return
    this.#current = null
    this.#turn += 1
    if (open.uses === 0) open.channel.close()
  }
}
