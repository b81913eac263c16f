/**
 * As much of NATS's protocol as it takes to publish, to a stream or to subscribers: https://docs.nats.io/reference/reference-protocols/nats-protocol
 *
 * Small and without a library, so that the load costs little: what is published in one turn of the event loop leaves in one write.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const CRLF = '\r\n'
const INBOX = '_INBOX.bench'
/** Of the answers. */
const SUBSCRIPTION = 1

interface Waiting<Answer> {
  resolve(answer: Answer): void
  reject(error: Error): void
}

export class NatsConnection {
  readonly #socket: Socket
  readonly #waiting = new Map<number, Waiting<Buffer>>()
  readonly #settling: Waiting<void>[] = []
  readonly #listeners = new Map<number, (payload: Buffer) => void>()
  #rest: Buffer = Buffer.alloc(0)
  #last = 0
  #isCorked = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('NATS closed the connection')))
  }

  static async open(port: number): Promise<NatsConnection> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const connection = new NatsConnection(socket)
    const options = { verbose: false, pedantic: false, lang: 'bench', version: '0', protocol: 1 }
    connection.#write(`CONNECT ${JSON.stringify(options)}${CRLF}`)
    connection.#write(`SUB ${INBOX}.* ${SUBSCRIPTION}${CRLF}`)
    return connection
  }

  /** Publishes and waits for the answer. @throws what the server says is wrong */
  request(subject: string, payload: Buffer | string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const request = ++this.#last
      this.#waiting.set(request, { resolve, reject })
      const bytes = Buffer.byteLength(payload)
      this.#write(`PUB ${subject} ${INBOX}.${request} ${bytes}${CRLF}`)
      this.#write(payload)
      this.#write(CRLF)
    })
  }

  /** Publishes to whoever has subscribed. */
  publish(subject: string, payload: string): void {
    this.#write(`PUB ${subject} ${Buffer.byteLength(payload)}${CRLF}${payload}${CRLF}`)
  }

  /** @param heard called with each message from now on */
  subscribe(subject: string, heard: (payload: Buffer) => void): void {
    const subscription = SUBSCRIPTION + 1 + this.#listeners.size
    this.#listeners.set(subscription, heard)
    this.#write(`SUB ${subject} ${subscription}${CRLF}`)
  }

  /** Resolves when the server has obeyed all that was written: it answers in order. */
  settled(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settling.push({ resolve, reject })
      this.#write(`PING${CRLF}`)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #write(part: Buffer | string): void {
    if (!this.#isCorked) {
      this.#isCorked = true
      this.#socket.cork()
      process.nextTick(() => {
        this.#isCorked = false
        this.#socket.uncork()
      })
    }
    this.#socket.write(part)
  }

  #take(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    for (;;) {
      const end = bytes.indexOf(CRLF)
      if (end < 0) break
      const line = bytes.toString('latin1', 0, end)
      const length = line.startsWith('MSG ') ? Number(line.slice(line.lastIndexOf(' ') + 1)) : null
      const from = end + CRLF.length
      if (length === null) {
        this.#obey(line)
        bytes = bytes.subarray(from)
        continue
      }
      if (bytes.length < from + length + CRLF.length) break
      this.#answer(line, bytes.subarray(from, from + length))
      bytes = bytes.subarray(from + length + CRLF.length)
    }
    this.#rest = bytes
  }

  #obey(line: string): void {
    if (line === 'PING') this.#write(`PONG${CRLF}`)
    else if (line === 'PONG') this.#settling.shift()?.resolve()
    else if (line.startsWith('-ERR')) this.#fail(new Error(`NATS: ${line}`))
  }

  #answer(line: string, payload: Buffer): void {
    const [, subject = '', subscription] = line.split(' ')
    const listener = this.#listeners.get(Number(subscription))
    if (listener !== undefined) return listener(payload)
    const request = Number(subject.slice(INBOX.length + 1))
    const waiting = this.#waiting.get(request)
    this.#waiting.delete(request)
    if (!payload.includes('"error"')) waiting?.resolve(payload)
    else waiting?.reject(new Error(`NATS: ${payload.toString()}`))
  }

  #fail(error: Error): void {
    for (const waiting of [...this.#waiting.values(), ...this.#settling]) waiting.reject(error)
    this.#waiting.clear()
    this.#settling.length = 0
  }
}
