/**
 * As much of ZooKeeper's protocol as its lock recipe needs. No maintained client for Node exists.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const OPERATION = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  children: 8,
  ping: 11,
} as const
const PING_XID = -2
const WATCH_XID = -1
const CREATE_EPHEMERAL = 1
const CREATE_EPHEMERAL_SEQUENTIAL = 3

const ERROR_NO_NODE = -101
export const ERROR_NODE_EXISTS = -110

export class ZooKeeperError extends Error {
  override name = 'ZooKeeperError'
  readonly code: number

  constructor(code: number) {
    super(`ZooKeeper answered ${code}`)
    this.code = code
  }
}

interface Waiting {
  resolve(body: Buffer): void
  reject(error: Error): void
}

/** One session on one connection. Requests are answered in the order in which they were sent. */
export class ZooKeeperSession {
  readonly #socket: Socket
  readonly #waiting: Waiting[] = []
  readonly #watches = new Map<string, (() => void)[]>()
  #rest: Buffer = Buffer.alloc(0)
  #outgoing: Buffer[] = []
  #xid = 0
  #started = false

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  static async open(port: number, timeoutMs: number): Promise<ZooKeeperSession> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    const session = new ZooKeeperSession(socket)
    const request = [int32(0), int64(0), int32(timeoutMs), int64(0), bytes(Buffer.alloc(16))]
    const started = session.#answer()
    socket.write(frame(request))
    socket.on('data', (data: Buffer) => session.#read(data))
    socket.on('error', (error) => session.#fail(error))
    socket.on('close', () => session.#fail(new Error('ZooKeeper closed the connection')))
    await started
    void session.#keepAlive(timeoutMs / 3)
    return session
  }

  /** @returns the path that was created; a sequential one has a number at its end */
  async create(
    path: string,
    kind: 'persistent' | 'ephemeral' | 'sequential',
    data: string = '',
  ): Promise<string> {
    const anyone = [int32(1), int32(31), bytes('world'), bytes('anyone')]
    const flags = {
      persistent: 0,
      ephemeral: CREATE_EPHEMERAL,
      sequential: CREATE_EPHEMERAL_SEQUENTIAL,
    }[kind]
    const request = [bytes(path), bytes(data), ...anyone, int32(flags)]
    const body = await this.#request(OPERATION.create, request)
    return body.toString('utf8', 4, 4 + body.readInt32BE(0))
  }

  /** @throws ZooKeeperError when the node has another version */
  async setData(path: string, data: string, version: number): Promise<void> {
    await this.#request(OPERATION.setData, [bytes(path), bytes(data), int32(version)])
  }

  async getData(path: string): Promise<Buffer> {
    return this.#request(OPERATION.getData, [bytes(path), Buffer.from([0])])
  }

  async delete(path: string): Promise<void> {
    await this.#request(OPERATION.delete, [bytes(path), int32(-1)])
  }

  /** @returns false when there is no such path; otherwise `changed` is called once when it changes or goes */
  async exists(path: string, changed: () => void): Promise<boolean> {
    this.#watches.set(path, [...(this.#watches.get(path) ?? []), changed])
    try {
      await this.#request(OPERATION.exists, [bytes(path), Buffer.from([1])])
      return true
    } catch (error) {
      if (error instanceof ZooKeeperError && error.code === ERROR_NO_NODE) return false
      throw error
    }
  }

  async children(path: string): Promise<string[]> {
    const body = await this.#request(OPERATION.children, [bytes(path), Buffer.from([0])])
    const names: string[] = []
    for (let at = 4, left = body.readInt32BE(0); left > 0; left--) {
      const length = body.readInt32BE(at)
      names.push(body.toString('utf8', at + 4, at + 4 + length))
      at += 4 + length
    }
    return names
  }

  close(): void {
    this.#socket.destroy()
  }

  async #keepAlive(periodMs: number): Promise<void> {
    while (!this.#socket.destroyed) {
      await delay(periodMs)
      this.#send(frame([int32(PING_XID), int32(OPERATION.ping)]))
    }
  }

  #request(operation: number, fields: readonly Buffer[]): Promise<Buffer> {
    this.#send(frame([int32(++this.#xid), int32(operation), ...fields]))
    return this.#answer()
  }

  #answer(): Promise<Buffer> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** All that is asked in one turn goes out in one write. */
  #send(request: Buffer): void {
    if (this.#outgoing.push(request) > 1) return
    queueMicrotask(() => {
      this.#socket.write(Buffer.concat(this.#outgoing))
      this.#outgoing = []
    })
  }

  #read(data: Buffer): void {
    let rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0)
      this.#handle(rest.subarray(4, end))
      rest = rest.subarray(end)
    }
    this.#rest = rest
  }

  #handle(message: Buffer): void {
    // The answer to the connect request comes first and has no header.
    if (!this.#started) {
      this.#started = true
      return this.#waiting.shift()?.resolve(message)
    }
    const xid = message.readInt32BE(0)
    if (xid === PING_XID) return
    const body = message.subarray(16)
    if (xid === WATCH_XID) return this.#fire(body.toString('utf8', 12, 12 + body.readInt32BE(8)))
    const waiting = this.#waiting.shift()
    const code = message.readInt32BE(12)
    if (code === 0) waiting?.resolve(body)
    else waiting?.reject(new ZooKeeperError(code))
  }

  #fire(path: string): void {
    const watches = this.#watches.get(path) ?? []
    this.#watches.delete(path)
    for (const changed of watches) changed()
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error)
  }
}

function frame(fields: readonly Buffer[]): Buffer {
  const body = Buffer.concat(fields)
  return Buffer.concat([int32(body.length), body])
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32BE(value)
  return buffer
}

function int64(value: number): Buffer {
  const buffer = Buffer.alloc(8)
  buffer.writeBigInt64BE(BigInt(value))
  return buffer
}

function bytes(value: string | Buffer): Buffer {
  const content = Buffer.from(value)
  return Buffer.concat([int32(content.length), content])
}
