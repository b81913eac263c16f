/**
 * What servers of one cluster say to each other: a client's way into a node, carried to the server that has the node.
 *
 * Commands and events travel as the objects that they are, by the structured cloning of V8, which knows their big integers and bytes.
 */
import { deserialize, serialize } from 'node:v8'
import type { Event, SessionId } from '@tenure/kernel'
import type { PathRefusal } from '../host/directory.ts'
import type { StreamCommand, StreamEnd } from '../tablet/stream.ts'

/** To the server that has the node. Streams are numbered by who asks. */
export type PeerAsk =
  /** A new way into the node. */
  | { readonly kind: 'open'; readonly stream: number; readonly path: string }
  | { readonly kind: 'submit'; readonly stream: number; readonly command: StreamCommand }
  | { readonly kind: 'detach'; readonly stream: number; readonly session: SessionId }
  | { readonly kind: 'close'; readonly stream: number }
  /** Makes place for a node that is new. */
  | { readonly kind: 'reserve'; readonly ask: number; readonly path: string }
  /** Who asks will soon let go of a node: prepares to load it. */
  | { readonly kind: 'expect'; readonly ask: number; readonly path: string }
  /** Loads a node that who asks has let go of, before clients come for it. */
  | { readonly kind: 'take'; readonly ask: number; readonly path: string }

/** From the server that has the node. `settled`: of the commands of the stream, so many need not be counted any more. */
export type PeerAnswer =
  | {
      readonly kind: 'deliver'
      readonly stream: number
      readonly settled: number
      readonly events: readonly Event[]
    }
  | {
      readonly kind: 'overloaded'
      readonly stream: number
      readonly settled: number
      readonly requestId: bigint
    }
  | { readonly kind: 'ended'; readonly stream: number; readonly why: StreamEnd }
  | { readonly kind: 'reserved'; readonly ask: number; readonly refusal: PathRefusal | null }
  | {
      readonly kind: 'not-reserved'
      readonly ask: number
      readonly reason: string
      /** The node is not here, or not here any more; absent in what older servers say. */
      readonly isElsewhere?: boolean
    }
  /** The node was loaded, or is expected. Or not: then clients who come for it see. */
  | { readonly kind: 'taken'; readonly ask: number }

/** Servers of different versions may differ in what they say: they refuse each other then, and clients ask elsewhere. */
export const PEER_VERSION = '1'

export function encodePeerMessage(message: PeerAsk | PeerAnswer): Buffer {
  return serialize(message)
}

const ASKS: ReadonlySet<unknown> = new Set([
  'open',
  'submit',
  'detach',
  'close',
  'reserve',
  'expect',
  'take',
])
const ANSWERS: ReadonlySet<unknown> = new Set([
  'deliver',
  'overloaded',
  'ended',
  'reserved',
  'not-reserved',
  'taken',
])

/** @param bytes of a server of the same cluster, which is trusted. @throws Error when they are no message */
export function decodePeerAsk(bytes: Uint8Array): PeerAsk {
  const message: unknown = deserialize(bytes)
  if (isAsk(message)) return message
  throw new Error('it is nothing that a server asks')
}

/** @param bytes of a server of the same cluster, which is trusted. @throws Error when they are no message */
export function decodePeerAnswer(bytes: Uint8Array): PeerAnswer {
  const message: unknown = deserialize(bytes)
  if (isAnswer(message)) return message
  throw new Error('it is nothing that a server answers')
}

function isAsk(message: unknown): message is PeerAsk {
  return ASKS.has(kindOf(message))
}

function isAnswer(message: unknown): message is PeerAnswer {
  return ANSWERS.has(kindOf(message))
}

function kindOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'kind' in message ? message.kind : null
}
