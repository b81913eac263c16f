/** A TCP proxy before a server: for broken and silent connections, and to see what a client sends. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { atEnd } from './ground.ts'

export class Proxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Connections so far. */
  accepted = 0
  /** What clients have sent so far. */
  clientBytes = 0

  private constructor(server: Server, target: number) {
    this.#server = server
    server.on('connection', (inner) => this.#accept(inner, target))
  }

  /** @param target the server's port on 127.0.0.1 */
  static async open(target: number): Promise<Proxy> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy = new Proxy(server, target)
    atEnd(() => proxy.#close())
    return proxy
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
    return address.port
  }

  /** Breaks all connections; new ones are carried. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** What is connected stays so, and carries nothing more. New connections are carried. */
  silence(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('data').resume()
  }

  async #close(): Promise<void> {
    this.drop()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(inner: Socket, target: number): void {
    this.accepted += 1
    const outer = connect(target, '127.0.0.1')
    inner.on('data', (bytes: Buffer) => {
      this.clientBytes += bytes.length
      outer.write(bytes)
    })
    outer.on('data', (bytes: Buffer) => inner.write(bytes))
    for (const [socket, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
  }
}
