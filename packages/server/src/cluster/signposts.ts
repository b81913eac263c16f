/** Tells clients which server has a node, and what the servers are called before clients. */
import { createHash } from 'node:crypto'
import type { OwnerInfo } from '@tenure/engine'
import type { Log } from '../log.ts'
import type { Neighbours, Place } from '../services/neighbours.ts'
import type { Traffic } from './traffic.ts'

export interface SignpostsOptions {
  readonly self: OwnerInfo
  readonly servers: () => readonly OwnerInfo[]
  /** The other server to which the node belongs. */
  readonly elsewhere: (path: string) => OwnerInfo | null
  readonly traffic: Traffic
  readonly log: Log
}

/** Of the digest, in hexadecimal digits. */
const NAME_LENGTH = 32

export class Signposts implements Neighbours {
  readonly name: string
  readonly #options: SignpostsOptions
  /** Servers that a client could not reach, as the log knows by now. */
  readonly #unreached = new Set<string>()

  constructor(options: SignpostsOptions) {
    this.name = nameOf(options.self)
    this.#options = options
  }

  get addresses(): readonly string[] {
    return this.#options.servers().map(({ address }) => address)
  }

  placeOf(path: string): Place | null {
    const owner = this.#options.elsewhere(path)
    return owner === null ? null : { address: owner.address, server: nameOf(owner) }
  }

  sent(): void {
    this.#options.traffic.sent += 1
  }

  unreached({ address, server }: Place): void {
    const { traffic, log } = this.#options
    traffic.unreached += 1
    if (this.#unreached.has(server)) return
    this.#unreached.add(server)
    log.warn('a client cannot reach the server that has its node, and is forwarded', { address })
  }

  /** Other servers are there: the log is told anew of those that cannot be reached. */
  changed(): void {
    const present = new Set(this.#options.servers().map(nameOf))
    for (const server of this.#unreached) if (!present.has(server)) this.#unreached.delete(server)
  }
}

/** Clients must not learn the id: whoever knows it counts as a server. */
function nameOf({ id }: OwnerInfo): string {
  return createHash('sha256').update(`client ${id}`).digest('hex').slice(0, NAME_LENGTH)
}
