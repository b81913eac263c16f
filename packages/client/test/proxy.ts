/** A TCP proxy between a client and a server, for all that a network can do to them. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'

interface Pair {
  readonly inner: Socket
  readonly outer: Socket
}

export class Proxy implements AsyncDisposable {
  readonly #server: Server
  readonly #port: number
  readonly #pairs = new Set<Pair>()
  #mode: 'open' | 'refusing' | 'silent' = 'open'
  #accepted = 0

  private constructor(server: Server, port: number, target: number) {
    this.#server = server
    this.#port = port
    server.on('connection', (inner) => this.#accept(inner, target))
  }

  /** @param target the server's port on 127.0.0.1 */
  static async open(target: number): Promise<Proxy> {
    const server = createServer({ allowHalfOpen: false })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
    return new Proxy(server, address.port, target)
  }

  /** `127.0.0.1:port`. */
  get host(): string {
    return `127.0.0.1:${this.#port}`
  }

  /** Connections that were accepted so far. */
  get accepted(): number {
    return this.#accepted
  }

  /** Breaks all connections; new ones are refused until `restore`. */
  cut(): void {
    this.#mode = 'refusing'
    for (const pair of this.#pairs) destroy(pair)
  }

  /** Breaks all connections; new ones are carried. */
  drop(): void {
    for (const pair of this.#pairs) destroy(pair)
  }

  /** Connections stay, old and new, and carry nothing in either direction: half-open, as when a machine lost its power. */
  silence(): void {
    this.#mode = 'silent'
    for (const { inner, outer } of this.#pairs) {
      inner.unpipe(outer).resume()
      outer.unpipe(inner).resume()
    }
  }

  /** New connections are carried. Those that were silenced stay silent. */
  restore(): void {
    this.#mode = 'open'
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(inner: Socket, target: number): void {
    this.#accepted += 1
    inner.on('error', () => {})
    if (this.#mode === 'refusing') {
      inner.destroy()
      return
    }
    const outer = connect(target, '127.0.0.1')
    outer.on('error', () => {})
    const pair = { inner, outer }
    this.#pairs.add(pair)
    for (const socket of [inner, outer]) {
      socket.setNoDelay(true)
      socket.on('close', () => {
        this.#pairs.delete(pair)
        destroy(pair)
      })
    }
    if (this.#mode === 'silent') {
      inner.resume()
      return
    }
    inner.pipe(outer)
    outer.pipe(inner)
  }
}

function destroy({ inner, outer }: Pair): void {
  inner.destroy()
  outer.destroy()
}
