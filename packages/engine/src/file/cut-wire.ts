/**
 * What is said on the socket of a store's holder, so that another process can read a cut.
 *
 * Each message is its length (4 bytes) and its content. The visitor asks for rows: version (1 byte), length of the first key (2 bytes), first
 * key, end. The holder answers with as many as make a page: state (1 byte), then for each row the lengths of key and sealed value (2 and 4
 * bytes), key, value; or with a state and a message that says why there are none. The first question makes the cut, the end of the connection
 * lets go of it. Numbers are big-endian.
 */
import type { Socket } from 'node:net'
import { EngineError } from '../errors.ts'

const VERSION = 1
const LENGTH_BYTES = 4
const ROW_HEAD_BYTES = 6
/** Far more than two keys. */
export const QUESTION_BYTES_MAX = 16_384

/** The position in the list is what is written. */
const STATES = ['more', 'whole', 'damaged', 'failed'] as const
type State = (typeof STATES)[number]

export type Row = readonly [key: Uint8Array, sealed: Uint8Array]

export interface Page {
  readonly rows: readonly Row[]
  /** Whether the range ends with them. */
  readonly isWhole: boolean
}

export interface Question {
  readonly first: Buffer
  readonly end: Buffer
}

export function encodeQuestion({ first, end }: Question): Buffer {
  const head = Buffer.alloc(3)
  head.writeUInt8(VERSION, 0)
  head.writeUInt16BE(first.length, 1)
  return framed([head, first, end])
}

/** @throws EngineError for what this release does not understand */
export function decodeQuestion(content: Buffer): Question {
  const firstEnd = content.length < 3 ? Infinity : 3 + content.readUInt16BE(1)
  if (content[0] !== VERSION || firstEnd > content.length) {
    throw new EngineError('the question is one of another release')
  }
  return { first: content.subarray(3, firstEnd), end: content.subarray(firstEnd) }
}

export function encodePage({ rows, isWhole }: Page): Buffer {
  const parts: Uint8Array[] = [stateByte(isWhole ? 'whole' : 'more')]
  for (const [key, sealed] of rows) {
    const head = Buffer.alloc(ROW_HEAD_BYTES)
    head.writeUInt16BE(key.length, 0)
    head.writeUInt32BE(sealed.length, 2)
    parts.push(head, key, sealed)
  }
  return framed(parts)
}

export function encodeFailure(message: string, isDamage: boolean): Buffer {
  return framed([stateByte(isDamage ? 'damaged' : 'failed'), Buffer.from(message)])
}

/** A page, or why there is none. */
export type Answer =
  | { readonly page: Page }
  | { readonly failure: string; readonly isDamage: boolean }

export function decodeAnswer(content: Buffer): Answer {
  const state: State = STATES[content[0] ?? 0] ?? 'failed'
  if (state === 'damaged' || state === 'failed') {
    return { failure: content.toString('utf8', 1), isDamage: state === 'damaged' }
  }
  const rows: Row[] = []
  for (let at = 1; at < content.length;) {
    const keyAt = at + ROW_HEAD_BYTES
    const sealedAt = keyAt + content.readUInt16BE(at)
    const end = sealedAt + content.readUInt32BE(at + 2)
    rows.push([content.subarray(keyAt, sealedAt), content.subarray(sealedAt, end)])
    at = end
  }
  return { page: { rows, isWhole: state === 'whole' } }
}

function stateByte(state: State): Buffer {
  return Buffer.of(STATES.indexOf(state))
}

function framed(parts: readonly Uint8Array[]): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(parts.reduce((sum, part) => sum + part.length, 0))
  return Buffer.concat([length, ...parts])
}

/** The contents of the messages that arrive, until the other side has ended. */
export async function* messagesOf(
  socket: Socket,
  bytesMax: number,
): AsyncGenerator<Buffer, void, undefined> {
  let left: Buffer[] = []
  let leftBytes = 0
  // Whoever stops to listen may still have something to say.
  const chunks: AsyncIterable<Buffer> = socket.iterator({ destroyOnReturn: false })
  for await (const chunk of chunks) {
    left.push(chunk)
    leftBytes += chunk.length
    while (leftBytes >= LENGTH_BYTES) {
      if ((left[0]?.length ?? 0) < LENGTH_BYTES) left = [Buffer.concat(left)]
      const end = LENGTH_BYTES + (left[0]?.readUInt32BE(0) ?? 0)
      if (end - LENGTH_BYTES > bytesMax) throw new EngineError('a message is too long to be one')
      if (leftBytes < end) break
      const all = Buffer.concat(left)
      left = [all.subarray(end)]
      leftBytes -= end
      yield all.subarray(LENGTH_BYTES, end)
    }
  }
}
