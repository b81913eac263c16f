/**
 * The connections of a link: one to a server of its address, and one to each other server to which that has sent sessions.
 *
 * A server that cannot be reached is not tried again for a while, which grows. Which server has a node is remembered to save a question:
 * whoever is asked wrongly says where to go.
 */
import { isHostAndPort } from '../../connection-string.ts'
import type { Ground } from '../grpc/ground.ts'
import { TenureConnection } from './connection.ts'
import type { ServerPlace } from './tenant.ts'

interface Shunned {
  untilMs: number
  pauseMs: number
}

const SHUNNED_MIN_MS = 1_000
const SHUNNED_MAX_MS = 60_000
const SHUNNED_MAX = 1_024
const PLACES_MAX = 8_192

export class Roads {
  readonly #ground: Ground
  readonly #notSpoken: () => void
  #home: TenureConnection | null = null
  /** By the names of the servers. */
  readonly #direct = new Map<string, TenureConnection>()
  /** By the names of the servers: one that is started again has another. */
  readonly #shunned = new Map<string, Shunned>()
  /** By the path of the node. */
  readonly #places = new Map<string, ServerPlace>()

  /** @param notSpoken a server of the link's address does not speak the protocol */
  constructor(ground: Ground, notSpoken: () => void) {
    this.#ground = ground
    this.#notSpoken = notSpoken
  }

  /** To a server of the link's address. */
  home(): TenureConnection {
    if (this.#home === null || this.#home.isRetired) {
      this.#home = new TenureConnection(this.#ground, { notSpoken: this.#notSpoken })
    }
    return this.#home
  }

  /** To the server there; null when it is of no use to try. */
  to(place: ServerPlace): TenureConnection | null {
    const { address, server } = place
    const home = this.#home
    if (home !== null && !home.isRetired && home.server === server) return home
    const present = this.#direct.get(server)
    if (present !== undefined && !present.isRetired) return present
    if (this.#ground.to === null || !isHostAndPort(address) || this.#isShunned(server)) return null
    const ground = this.#ground.to(address)
    const connection: TenureConnection = new TenureConnection(ground, {
      server,
      notSpoken: () => {},
      over: () => {
        this.lost(place, connection)
        ground.channels.close()
      },
    })
    this.#direct.set(server, connection)
    return connection
  }

  /** To any other server, when those of the link's address do not answer. */
  another(): TenureConnection | null {
    for (const connection of this.#direct.values()) {
      if (connection.isGreeted && !connection.isRetired) return connection
    }
    return null
  }

  /** The connection to the server there is over, or is taken for that. */
  lost(place: ServerPlace, connection: TenureConnection): void {
    if (this.#direct.get(place.server) !== connection) return
    this.#direct.delete(place.server)
    if (!connection.isGreeted) this.shun(place)
  }

  /** Nothing comes of trying this one, for now. */
  shun({ server }: ServerPlace): void {
    const pauseMs = this.#shunned.get(server)?.pauseMs ?? SHUNNED_MIN_MS
    this.#shunned.delete(server)
    this.#shunned.set(server, {
      untilMs: this.#ground.clock.monotonicMs() + pauseMs,
      pauseMs: Math.min(pauseMs * 2, SHUNNED_MAX_MS),
    })
    trim(this.#shunned, SHUNNED_MAX)
  }

  /** A session is on a connection to the server there. */
  reached({ server }: ServerPlace): void {
    this.#shunned.delete(server)
  }

  /** Where the node was the last time. */
  placeOf(path: string): ServerPlace | undefined {
    return this.#places.get(path)
  }

  learn(path: string, place: ServerPlace): void {
    this.#places.delete(path)
    this.#places.set(path, place)
    trim(this.#places, PLACES_MAX)
  }

  forget(path: string): void {
    this.#places.delete(path)
  }

  /** Nothing new may come this way. */
  retire(): void {
    this.#home?.retire()
    for (const connection of this.#direct.values()) connection.retire()
    this.#ground.channels.close()
  }

  #isShunned(server: string): boolean {
    const shunned = this.#shunned.get(server)
    return shunned !== undefined && this.#ground.clock.monotonicMs() < shunned.untilMs
  }
}

/** Lets the oldest go. */
function trim(map: Map<string, unknown>, sizeMax: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= sizeMax) return
    map.delete(oldest)
  }
}
