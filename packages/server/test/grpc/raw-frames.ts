/** HTTP/2 frame by frame on a plain socket: for what no HTTP/2 library would send. */
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { atEnd } from './harness.ts'

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

const HEADER_BYTES = 9

export const END_STREAM = 1
export const END_HEADERS = 4

export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export interface FrameParts {
  readonly type: number
  readonly flags?: number
  readonly stream?: number
  readonly payload?: Uint8Array
  /** What the frame says that its payload has; by default the truth. */
  readonly length?: number
}

export function http2Frame(parts: FrameParts): Buffer {
  const { type, flags = 0, stream = 0, payload = new Uint8Array(0) } = parts
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUIntBE(parts.length ?? payload.length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, payload])
}

export const SETTINGS: Buffer = http2Frame({ type: FRAME.settings })

/** Headers as they are written without a table: each name and value in full. */
export function headerBlock(
  headers: ReadonlyArray<readonly [name: string, value: string]>,
): Buffer {
  return Buffer.concat(
    headers.flatMap(([name, value]) => [
      Buffer.of(0),
      headerText(Buffer.from(name, 'latin1')),
      headerText(Buffer.from(value, 'latin1')),
    ]),
  )
}

const LENGTH_PREFIX_MAX = 127

function headerText(text: Buffer): Buffer {
  if (text.length < LENGTH_PREFIX_MAX) return Buffer.concat([Buffer.of(text.length), text])
  const length = [LENGTH_PREFIX_MAX]
  let rest = text.length - LENGTH_PREFIX_MAX
  for (; rest > 127; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128)
  return Buffer.concat([Buffer.from([...length, rest]), text])
}

/** The headers of a session stream. */
export const SESSION_HEADERS = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/Ydb.Coordination.V1.CoordinationService/Session'],
  [':authority', 'abuse'],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
] as const

export function sessionHeaders(stream: number, flags = END_HEADERS): Buffer {
  const payload = headerBlock(SESSION_HEADERS)
  return http2Frame({ type: FRAME.headers, flags, stream, payload })
}

/** A socket on which anything may be said. */
export class RawConnection {
  readonly socket: Socket
  #received = 0
  #rest: Buffer = Buffer.alloc(0)
  #isTold = false
  #leave: () => void = () => {}

  /** @param isSilent says nothing by itself, not even the preface */
  static async open(
    address: { readonly host: string; readonly port: number },
    isSilent = false,
  ): Promise<RawConnection> {
    const socket = createConnection(address)
    atEnd(() => void socket.destroy())
    const connection = new RawConnection(socket)
    await once(socket, 'connect')
    if (!isSilent) connection.send(PREFACE, SETTINGS)
    return connection
  }

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.length
      this.#hear(chunk)
    })
  }

  get receivedBytes(): number {
    return this.#received
  }

  get isClosed(): boolean {
    return this.socket.destroyed
  }

  send(...frames: readonly Uint8Array[]): boolean {
    return this.isClosed ? false : this.socket.write(Buffer.concat(frames))
  }

  /** Sends the same again and again, with turns for others between, until so often or the end of the connection. */
  async flood(bytes: Uint8Array, times: number): Promise<void> {
    for (let sent = 0; sent < times && !this.isClosed; sent += 1) {
      if (this.socket.write(bytes)) {
        if (sent % FLOOD_TURN === 0) await turn()
        continue
      }
      const drained = new AbortController()
      const { signal } = drained
      await Promise.race([
        once(this.socket, 'drain', { signal }).catch(() => {}),
        once(this.socket, 'close', { signal }).catch(() => {}),
      ])
      drained.abort()
    }
  }

  /** The server has said that it takes nothing more, or has hung up. */
  async goodbye(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#leave = resolve
      this.socket.once('close', resolve)
      this.#hear(new Uint8Array(0))
    })
  }

  #hear(chunk: Uint8Array): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    while (this.#rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + this.#rest.readUIntBE(0, 3)
      if (this.#rest.length < end) break
      if (this.#rest[3] === FRAME.goAway) this.#isTold = true
      this.#rest = this.#rest.subarray(end)
    }
    if (this.#isTold) this.#leave()
  }

  async closed(): Promise<void> {
    if (!this.isClosed) await once(this.socket, 'close')
  }
}

const FLOOD_TURN = 200

async function turn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
}
