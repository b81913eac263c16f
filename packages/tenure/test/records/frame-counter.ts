/** A relay before a server that counts what clients say in it: the DATA frames of HTTP/2 that have content. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What a client sends before its first frame. */
const PREFACE_BYTES = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'.length
const HEADER_BYTES = 9
const LENGTH_BYTES = 3
const DATA = 0

/** Reads the frames of one connection, however they are cut into pieces. */
class Frames {
  #rest: Buffer = Buffer.alloc(0)
  /** What is passed over: the preface, or what a frame holds. */
  #skip = PREFACE_BYTES

  /** @returns how many frames with data have begun in this piece */
  read(piece: Buffer): number {
    let data = 0
    let bytes = Buffer.concat([this.#rest, piece])
    for (;;) {
      const passed = Math.min(this.#skip, bytes.length)
      bytes = bytes.subarray(passed)
      this.#skip -= passed
      if (this.#skip > 0 || bytes.length < HEADER_BYTES) {
        this.#rest = bytes
        return data
      }
      const length = bytes.readUIntBE(0, LENGTH_BYTES)
      if (bytes[LENGTH_BYTES] === DATA && length > 0) data += 1
      this.#skip = HEADER_BYTES + length
    }
  }
}

export class FrameCounter implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** So far, of all connections. */
  frames = 0
  bytes = 0

  private constructor(server: Server, target: number) {
    this.#server = server
    server.on('connection', (inner) => this.#accept(inner, target))
  }

  /** @param target the server's port on 127.0.0.1 */
  static async open(target: number): Promise<FrameCounter> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new FrameCounter(server, target)
  }

  /** `127.0.0.1:port`. */
  get host(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the relay has no port')
    return `127.0.0.1:${address.port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(inner: Socket, target: number): void {
    const outer = connect({ port: target, host: '127.0.0.1' })
    const frames = new Frames()
    inner.on('data', (piece: Buffer) => {
      this.bytes += piece.length
      this.frames += frames.read(piece)
    })
    inner.pipe(outer)
    outer.pipe(inner)
    for (const [socket, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
  }
}
