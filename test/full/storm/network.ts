/** The way between the clients and the server: every connection goes through here and can be held up, blinded or cut. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** One connection that is going on. */
export interface Passage {
  /** Nothing passes either way until `resume`; both ends believe that they are connected. */
  stall(): void
  resume(): void
  /** Ends both halves at once, without a word. */
  cut(): void
}

export class Network implements AsyncDisposable {
  readonly #server: Server
  readonly #passages = new Set<Passage>()
  #targets: readonly number[] = []
  #turn = 0

  static async open(): Promise<Network> {
    const network = new Network()
    network.#server.listen({ host: '127.0.0.1', port: 0 })
    await once(network.#server, 'listening')
    return network
  }

  private constructor() {
    this.#server = createServer((client) => this.#pass(client))
  }

  /** Where the servers listen: each connection goes to the next one. */
  leadTo(ports: readonly number[]): void {
    this.#targets = ports
  }

  get address(): { host: string; port: number } {
    const address = this.#server.address()
    return { host: '127.0.0.1', port: isAddress(address) ? address.port : 0 }
  }

  get passages(): readonly Passage[] {
    return [...this.#passages]
  }

  #pass(client: Socket): void {
    this.#turn += 1
    const port = this.#targets[this.#turn % this.#targets.length] ?? 0
    const server = connect({ host: '127.0.0.1', port })
    const sockets = [client, server]
    const passage: Passage = {
      stall() {
        client.unpipe(server)
        server.unpipe(client)
        for (const socket of sockets) socket.pause()
      },
      resume() {
        if (sockets.some(({ destroyed }) => destroyed)) return
        client.pipe(server)
        server.pipe(client)
      },
      cut() {
        for (const socket of sockets) socket.resetAndDestroy()
      },
    }
    this.#passages.add(passage)
    for (const socket of sockets) {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.once('close', () => {
        this.#passages.delete(passage)
        for (const other of sockets) other.destroy()
      })
    }
    passage.resume()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const passage of this.#passages) passage.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return address !== null && typeof address !== 'string'
}
