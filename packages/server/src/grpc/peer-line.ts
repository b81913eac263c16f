/** The call by which this server asks another one of the cluster for its nodes. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { FrameBuffer, frameOf } from '@tenure/protocol'
import type { OwnerInfo } from '@tenure/engine'
import type { Clock, Timer } from '../clock.ts'
import type { PeerDial, PeerLine, PeerListener } from '../cluster/peer.ts'
import {
  decodePeerAnswer,
  encodePeerMessage,
  type PeerAsk,
  PEER_VERSION,
} from '../cluster/peer-message.ts'
import { reasonOf } from '../log.ts'

import { PEER_CONNECT_MS, PEER_FRAME_BYTES_MAX, STREAM_WINDOW_BYTES } from './limits.ts'
import { PEER_KEY_HEADER, PEER_PATH, PEER_VERSION_HEADER } from './peer-calls.ts'

export function peerDial(clock: Clock): PeerDial {
  return (server, listener) => new GrpcPeerLine(server, listener, clock)
}

class GrpcPeerLine implements PeerLine {
  readonly #listener: PeerListener
  readonly #reader = new FrameBuffer(PEER_FRAME_BYTES_MAX)
  readonly #session: ClientHttp2Session
  readonly #stream: ClientHttp2Stream
  readonly #overdue: Timer
  #frames: Buffer[] = []
  /** What was sent may have arrived, and have been taken. */
  #isReached = false
  #isOver = false

  constructor({ id, address }: OwnerInfo, listener: PeerListener, clock: Clock) {
    this.#listener = listener
    this.#session = connect(`http://${address}`, {
      settings: { initialWindowSize: STREAM_WINDOW_BYTES, enablePush: false },
    })
    this.#session.once('connect', () => {
      this.#isReached = true
    })
    this.#session.on('error', (error) => this.#lost(error.message))
    this.#session.once('close', () => this.#lost('the connection was closed'))
    this.#stream = this.#session.request({
      ':method': 'POST',
      ':path': PEER_PATH,
      'content-type': 'application/grpc',
      te: 'trailers',
      [PEER_KEY_HEADER]: id,
      [PEER_VERSION_HEADER]: PEER_VERSION,
    })
    this.#overdue = clock.after(PEER_CONNECT_MS, () => {
      this.#lost(`nobody has answered within ${PEER_CONNECT_MS / 1000} s`)
    })
    this.#hear()
  }

  /** What is said within one turn of the event loop leaves as one write. */
  send(ask: PeerAsk): void {
    if (this.#frames.length === 0) process.nextTick(() => this.#flush())
    this.#frames.push(frameOf(encodePeerMessage(ask)))
  }

  close(): void {
    this.#isOver = true
    this.#end()
  }

  #hear(): void {
    const stream = this.#stream
    stream.on('response', (headers) => {
      this.#overdue.cancel()
      const status = headers['grpc-status']
      if (status === undefined) return
      // An end without a beginning: the call was refused, and nothing of it was read.
      this.#isReached = false
      this.#lost(endText(status, headers['grpc-message']))
    })
    stream.on('data', (chunk: Buffer) => this.#receive(chunk))
    stream.on('trailers', (trailers) => {
      this.#lost(endText(trailers['grpc-status'], trailers['grpc-message']))
    })
    stream.on('error', (error) => this.#lost(error.message))
    stream.once('close', () => this.#lost('it has closed the call'))
  }

  #receive(chunk: Buffer): void {
    if (this.#isOver) return
    this.#reader.push(chunk)
    try {
      for (let frame = this.#reader.next(); frame !== null; frame = this.#reader.next()) {
        this.#listener.heard(decodePeerAnswer(frame))
      }
    } catch (error) {
      this.#lost(`it says what cannot be read: ${reasonOf(error)}`)
    }
  }

  #flush(): void {
    const frames = this.#frames
    this.#frames = []
    if (this.#isOver || this.#stream.destroyed || this.#stream.closed) return
    this.#stream.write(Buffer.concat(frames))
  }

  #lost(reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#end()
    // The listener may be in the middle of saying something.
    queueMicrotask(() => {
      if (this.#isReached) this.#listener.lost(reason)
      else this.#listener.unreached(reason)
    })
  }

  #end(): void {
    this.#overdue.cancel()
    if (!this.#stream.destroyed) this.#stream.close(constants.NGHTTP2_CANCEL)
    this.#session.destroy()
  }
}

function endText(status: unknown, message: unknown): string {
  const text = typeof message === 'string' ? message : ''
  return `it has ended the call: ${text || `status ${String(status)}`}`
}
