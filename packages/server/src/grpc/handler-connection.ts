/** The server's connection to a handler that speaks gRPC: made when it is needed, kept while it holds. */
import { type ClientHttp2Session, connect } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import type { Clock } from '../clock.ts'
import { hostOf } from '../services/delivery/endpoint.ts'
import { CONNECT_MS, SOCKET_PROBE_MS } from '../services/delivery/limits.ts'

export class HandlerConnection {
  readonly #url: URL
  readonly #clock: Clock
  readonly #sessions = new Set<ClientHttp2Session>()
  #current: Promise<ClientHttp2Session> | null = null

  /** @param url with a port */
  constructor(url: URL, clock: Clock) {
    this.#url = url
    this.#clock = clock
  }

  /** @throws what stands in the way */
  async session(): Promise<ClientHttp2Session> {
    if (this.#current !== null) return this.#current
    const socket = {
      host: hostOf(this.#url),
      port: Number(this.#url.port),
      keepAlive: true,
      keepAliveInitialDelay: SOCKET_PROBE_MS,
    }
    // Pings of HTTP/2 would do as well, but many servers take those of a stranger for an attack.
    const session = connect(`http://${this.#url.host}`, {
      createConnection: () => connectSocket(socket),
    })
    const current = this.#standing(session)
    const forget = (): void => {
      if (this.#current === current) this.#current = null
    }
    // What is under way there goes on; what is new goes another way.
    session.once('goaway', forget)
    session.once('close', forget)
    this.#current = current
    return current
  }

  close(): void {
    for (const session of this.#sessions) session.destroy()
  }

  #standing(session: ClientHttp2Session): Promise<ClientHttp2Session> {
    this.#sessions.add(session)
    const overdue = this.#clock.after(CONNECT_MS, () => {
      session.destroy(new Error(`nobody has answered within ${CONNECT_MS / 1000} s`))
    })
    return new Promise((resolve, reject) => {
      // Whoever accepts a connection need not speak HTTP/2; whoever says this does.
      session.once('remoteSettings', () => {
        overdue.cancel()
        resolve(session)
      })
      session.on('error', reject)
      session.once('close', () => {
        overdue.cancel()
        this.#sessions.delete(session)
        reject(new Error('the connection was closed'))
      })
    })
  }
}
