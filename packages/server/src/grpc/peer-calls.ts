/** The calls by which other servers of the cluster ask this one for its nodes: one each, for all that their clients do. */
import { timingSafeEqual } from 'node:crypto'
import { WireError, frameOf } from '@tenure/protocol'
import { decodePeerAsk, encodePeerMessage, PEER_VERSION } from '../cluster/peer-message.ts'
import type { PeerAsk } from '../cluster/peer-message.ts'
import { type OwnNodes, PeerGuest } from '../cluster/peer-guest.ts'
import type { SessionTotal } from '../cluster/traffic.ts'
import type { Log } from '../log.ts'
import type { GrpcCall } from './call.ts'
import type { CallHandler } from './grpc-server.ts'
import { Intake } from './intake.ts'
import { PEER_FRAME_BYTES_MAX, PEER_UNSENT_BYTES_MAX } from './limits.ts'
import { GRPC, GrpcError } from './status.ts'

export const PEER_PATH = '/tenure.internal.Peer/Forward'
/** Says that the caller has read the servers' list in the engine, which nobody else can: it holds the id of the server that is called. */
export const PEER_KEY_HEADER = 'x-tenure-server'
export const PEER_VERSION_HEADER = 'x-tenure-peer-version'

export interface PeerCallsOptions {
  /** The id of this server. */
  readonly key: string
  readonly nodes: OwnNodes
  readonly log: Log
  /** Counts the sessions of the others' clients. */
  readonly total: SessionTotal
}

export class PeerCalls {
  readonly #options: PeerCallsOptions
  readonly #ends = new Set<() => void>()

  constructor(options: PeerCallsOptions) {
    this.#options = options
  }

  get handler(): CallHandler {
    return (call) => {
      assertPeer(call, this.#options.key)
      const end = (): void => {
        this.#ends.delete(end)
        stop()
      }
      const stop = serve(call, this.#options, () => void this.#ends.delete(end))
      this.#ends.add(end)
    }
  }

  /** Ends every call, after what was said: the others need not know by then that this server leaves. */
  stop(): void {
    for (const end of this.#ends) end()
  }
}

function assertPeer(call: GrpcCall, key: string): void {
  const [given, wanted] = [Buffer.from(call.header(PEER_KEY_HEADER)), Buffer.from(key)]
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new GrpcError(GRPC.PERMISSION_DENIED, 'Only servers of the cluster may call this')
  }
  const version = call.header(PEER_VERSION_HEADER)
  if (version !== PEER_VERSION) {
    const problem = `This server speaks version ${PEER_VERSION} with others, not ${version}`
    throw new GrpcError(GRPC.FAILED_PRECONDITION, problem)
  }
}

/** @param over nothing can be said any more. @returns what ends the call */
function serve(
  call: GrpcCall,
  { nodes, log, total }: PeerCallsOptions,
  over: () => void,
): () => void {
  const guest = new PeerGuest({
    nodes,
    log,
    total,
    say: (answer) => {
      call.write(frameOf(encodePeerMessage(answer)))
      if (call.unsentBytes > PEER_UNSENT_BYTES_MAX)
        end(GRPC.RESOURCE_EXHAUSTED, 'Too much is unread')
    },
  })
  const end = (status: (typeof GRPC)[keyof typeof GRPC], message: string): void => {
    guest.left()
    call.end(status, message)
  }
  const intake = new Intake({
    call,
    log,
    frameBytesMax: PEER_FRAME_BYTES_MAX,
    ready: () => true,
    receive: (message) => guest.receive(askOf(message)),
    broken: end,
  })
  call.observe({
    data: (chunk) => intake.push(chunk),
    halfClosed: () => end(GRPC.OK, ''),
    closed: () => {
      guest.left()
      over()
    },
  })
  call.begin()
  return () => end(GRPC.UNAVAILABLE, 'The server stops')
}

function askOf(message: Buffer): PeerAsk {
  try {
    return decodePeerAsk(message)
  } catch {
    throw new WireError('A server of the cluster has said what cannot be read')
  }
}
