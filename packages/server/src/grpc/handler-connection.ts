/** The server's connection to a handler that speaks gRPC: made when it is needed, kept while it holds. */
import { type ClientHttp2Session, connect } from 'node:http2'
import type { Clock, Timer } from '../clock.ts'
import { CONNECT_MS } from '../services/delivery/limits.ts'
import { KEEP_ALIVE_MS } from './limits.ts'

export class HandlerConnection {
  /** `http://host:port` */
  readonly #url: string
  readonly #clock: Clock
  readonly #sessions = new Set<ClientHttp2Session>()
  #current: Promise<ClientHttp2Session> | null = null

  constructor(url: string, clock: Clock) {
    this.#url = url
    this.#clock = clock
  }

  /** @throws what stands in the way */
  async session(): Promise<ClientHttp2Session> {
    if (this.#current !== null) return this.#current
    const session = connect(this.#url)
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
    let timer = this.#clock.after(CONNECT_MS, () => {
      session.destroy(new Error(`nobody has answered within ${CONNECT_MS / 1000} s`))
    })
    return new Promise((resolve, reject) => {
      // Whoever accepts a connection need not speak HTTP/2; whoever says this does.
      session.once('remoteSettings', () => {
        timer.cancel()
        timer = keepAlive(session, this.#clock)
        resolve(session)
      })
      session.on('error', reject)
      session.once('close', () => {
        timer.cancel()
        this.#sessions.delete(session)
        reject(new Error('the connection was closed'))
      })
    })
  }
}

/** A handler whose machine went without a word would otherwise keep its tasks for ever. */
function keepAlive(session: ClientHttp2Session, clock: Clock): Timer {
  let isPinged = false
  let timer: Timer
  const look = (): void => {
    if (session.destroyed) return
    if (isPinged) return session.destroy(new Error('nobody answers any more'))
    isPinged = true
    session.ping((error) => {
      isPinged = error !== null
    })
    timer = lookLater()
  }
  // An answer that has arrived already counts, however late this process looks.
  const lookLater = (): Timer => clock.after(KEEP_ALIVE_MS, () => clock.afterInput(look))
  timer = lookLater()
  return { cancel: () => timer.cancel() }
}
