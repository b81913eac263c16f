/**
 * YDB's session stream, from what everybody has: node:http2 for the bytes and the messages that YDB's own definitions give.
 *
 * Nothing of Tenure is used, so a fault of its codec or of its client cannot hide one of its server.
 */
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { BinaryReader } from '@bufbuild/protobuf/wire'
import {
  CreateNodeRequestSchema,
  CreateNodeResponseSchema,
  SessionRequestSchema,
  type SessionResponse,
  SessionResponseSchema,
} from '@ydbjs/api/coordination'
import { SUCCESS } from './status.ts'

export type Request = NonNullable<MessageInitShape<typeof SessionRequestSchema>['request']>
export type Response = SessionResponse['response']

const SERVICE = '/Ydb.Coordination.V1.CoordinationService'
const FRAME_HEADER_BYTES = 5

/** Tenure's field beside YDB's: the token of a grant. */
const ORDER_ID_FIELD = 1001

function framed(message: Uint8Array): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES)
  header.writeUInt32BE(message.length, 1)
  return Buffer.concat([header, message])
}

function headersOf(method: string): Record<string, string> {
  return {
    ':method': 'POST',
    ':path': `${SERVICE}/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
  }
}

/** Whole messages out of chunks. */
class Frames {
  #rest: Buffer = Buffer.alloc(0)

  take(chunk: Buffer): Uint8Array[] {
    this.#rest = Buffer.concat([this.#rest, chunk])
    const messages: Uint8Array[] = []
    while (this.#rest.length >= FRAME_HEADER_BYTES) {
      const end = FRAME_HEADER_BYTES + this.#rest.readUInt32BE(1)
      if (this.#rest.length < end) break
      messages.push(new Uint8Array(this.#rest.subarray(FRAME_HEADER_BYTES, end)))
      this.#rest = this.#rest.subarray(end)
    }
    return messages
  }
}

/** One connection; may carry several streams, and ends with the last of them. */
export class Connection {
  readonly #session: ClientHttp2Session
  #streams = 0
  #isLeaving = false

  constructor(address: { readonly host: string; readonly port: number }) {
    this.#session = connect(`http://${address.host}:${address.port}`)
    this.#session.on('error', () => {})
    this.#session.once('goaway', () => {
      this.#isLeaving = true
    })
  }

  /** Whether it takes another stream. */
  get isOpen(): boolean {
    return !this.#isLeaving && !this.#session.closed && !this.#session.destroyed
  }

  /** @throws Error when the connection is gone */
  stream(hear: (message: Uint8Array) => void, ended: () => void): WireStream {
    this.#streams += 1
    return new WireStream(this.#session.request(headersOf('Session')), hear, () => {
      this.#streams -= 1
      if (this.#streams === 0) this.cut()
      ended()
    })
  }

  /** Breaks it, in the middle of whatever is going on. */
  cut(): void {
    this.#session.destroy()
  }
}

/** One session stream. */
export class WireStream {
  readonly #stream: ClientHttp2Stream

  constructor(stream: ClientHttp2Stream, hear: (message: Uint8Array) => void, ended: () => void) {
    this.#stream = stream
    const frames = new Frames()
    stream.on('error', () => {})
    stream.on('data', (chunk: Buffer) => {
      for (const message of frames.take(chunk)) hear(message)
    })
    stream.once('end', () => stream.close())
    stream.once('close', ended)
  }

  send(request: Request): void {
    if (this.#stream.destroyed || this.#stream.closed) return
    const message = create(SessionRequestSchema, { request })
    this.#stream.write(framed(toBinary(SessionRequestSchema, message)))
  }

  cancel(): void {
    this.#stream.close(8)
  }
}

/** @returns null for bytes that are no message */
export function responseOf(message: Uint8Array): Response | null {
  try {
    return fromBinary(SessionResponseSchema, message).response
  } catch {
    return null
  }
}

/** The token that came with a grant; null when none did. */
export function orderIdOf(
  result: Extract<Response, { case: 'acquireSemaphoreResult' }>['value'],
): bigint | null {
  const field = result.$unknown?.find(({ no }) => no === ORDER_ID_FIELD)
  if (field === undefined) return null
  return BigInt(new BinaryReader(field.data).uint64())
}

/** Makes a coordination node. @throws Error when the answer is another than success */
export async function createNode(
  address: { readonly host: string; readonly port: number },
  node: MessageInitShape<typeof CreateNodeRequestSchema>,
): Promise<void> {
  const session = connect(`http://${address.host}:${address.port}`)
  try {
    const stream = session.request(headersOf('CreateNode'))
    stream.end(framed(toBinary(CreateNodeRequestSchema, create(CreateNodeRequestSchema, node))))
    const frames = new Frames()
    for await (const chunk of stream) {
      for (const message of frames.take(chunk)) {
        const { operation } = fromBinary(CreateNodeResponseSchema, message)
        if (Number(operation?.status) !== SUCCESS) throw new Error(`no node: ${operation?.status}`)
      }
    }
  } finally {
    session.destroy()
  }
}
