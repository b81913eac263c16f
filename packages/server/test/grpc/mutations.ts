/** A recorded session whose bytes are spoilt by chance, again and again, on connections of their own. */
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import { create, toBinary } from '@bufbuild/protobuf'
import { SessionRequestSchema } from '@ydbjs/api/coordination'
import { drawOf } from '../../../../test/seed.ts'
import type { Canary } from './canary.ts'
import { assertPlain } from './plain-text.ts'
import type { RequestOneof } from './raw-client.ts'
import { begin, frame, openHttp2 } from './raw-http2.ts'

const data = (length: number): Uint8Array => new Uint8Array(length).fill(5)

/** All kinds of requests, as an honest client sends them. */
const REQUESTS: readonly RequestOneof[] = [
  { case: 'sessionStart', value: { path: '/local/node', timeoutMillis: 3_000n, seqNo: 7n } },
  { case: 'ping', value: { opaque: 1n } },
  { case: 'createSemaphore', value: { reqId: 1n, name: 'made', limit: 3n, data: data(20) } },
  { case: 'acquireSemaphore', value: { reqId: 2n, name: 'made', count: 2n, data: data(200) } },
  { case: 'acquireSemaphore', value: { reqId: 3n, name: 'own', count: 9n, ephemeral: true } },
  { case: 'describeSemaphore', value: { reqId: 4n, name: 'made', watchData: true } },
  { case: 'updateSemaphore', value: { reqId: 5n, name: 'made', data: data(300) } },
  { case: 'releaseSemaphore', value: { reqId: 6n, name: 'made' } },
  { case: 'deleteSemaphore', value: { reqId: 7n, name: 'made', force: true } },
  { case: 'sessionStop', value: {} },
]

const RECORDED = REQUESTS.map((request) =>
  toBinary(SessionRequestSchema, create(SessionRequestSchema, { request })),
)

/** A whole number below `bound`. */
type Below = (bound: number) => number

function belowOf(seed: number): Below {
  const draw = drawOf(seed)
  return (bound) => Math.floor(draw() * bound)
}

type Spoil = (bytes: Buffer, draw: Below) => Buffer

const SPOILS: readonly Spoil[] = [
  (bytes, draw) => {
    const at = draw(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << draw(8))
    return bytes
  },
  (bytes, draw) => {
    bytes[draw(bytes.length)] = draw(256)
    return bytes
  },
  (bytes, draw) => bytes.subarray(0, draw(bytes.length)),
  (bytes, draw) => {
    const at = draw(bytes.length)
    const noise = Buffer.from(Array.from({ length: 1 + draw(12) }, () => draw(256)))
    return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)])
  },
  (bytes, draw) => {
    const from = draw(bytes.length)
    const piece = bytes.subarray(from, from + draw(40))
    return Buffer.concat([bytes, piece])
  },
]

/** One session as it is sent: whole messages are left out, doubled and swapped; then bytes are spoilt, mostly behind the start. */
function spoilt(draw: Below): Buffer {
  const messages = [...RECORDED]
  for (let changes = draw(3); changes > 0; changes -= 1) {
    const [one] = messages.splice(draw(messages.length), 1)
    if (one === undefined) break
    for (let copies = draw(3); copies > 0; copies -= 1) {
      messages.splice(draw(messages.length + 1), 0, one)
    }
  }
  const spoilsFrame = draw(4) === 0
  const target = draw(Math.max(1, messages.length))
  const frames = messages.map((message, at) => {
    if (at !== target) return frame(message)
    const spoil = SPOILS[draw(SPOILS.length)] ?? SPOILS[0]
    if (spoil === undefined || message.length === 0) return frame(message)
    return spoilsFrame ? spoil(frame(message), draw) : frame(spoil(Buffer.from(message), draw))
  })
  return Buffer.concat(frames)
}

/** How a call of a stranger may end: well, told what was wrong, or told that it came too early or was too large. */
const ENDS = new Set(['0', '3', '4', '8', '12', '13'])

const TOGETHER = 25
const END_MS = 5_000

/**
 * Sends so many spoilt sessions.
 *
 * @throws Error with the seed of the session after which something was wrong
 */
export async function sendSpoilt(
  address: { readonly host: string; readonly port: number },
  canary: Canary,
  { seed, count }: { seed: number; count: number },
): Promise<void> {
  for (let first = seed; first < seed + count; first += TOGETHER) {
    const session = openHttp2(address)
    try {
      const last = Math.min(first + TOGETHER, seed + count)
      const seeds = Array.from({ length: last - first }, (_, at) => first + at)
      await Promise.all(seeds.map((one) => sendOne(session, one)))
      await canary.sings()
    } catch (error) {
      throw new Error(`of the sessions of the seeds from ${first}`, { cause: error })
    } finally {
      session.destroy()
    }
  }
}

async function sendOne(session: ClientHttp2Session, seed: number): Promise<void> {
  const draw = belowOf(seed)
  const stream = begin(session)
  const ended = endOf(stream, seed)
  const bytes = spoilt(draw)
  for (let sent = 0; sent < bytes.length;) {
    const size = 1 + draw(200)
    stream.write(bytes.subarray(sent, sent + size))
    sent += size
  }
  // Whatever was understood of it: who says no more must not be left waiting.
  stream.end()
  const { status, text } = await ended
  if (!ENDS.has(status)) throw new Error(`seed ${seed} ended with ${status}: ${text}`)
  if (text !== '') assertPlain(text)
}

async function endOf(
  stream: ClientHttp2Stream,
  seed: number,
): Promise<{ readonly status: string; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`seed ${seed} was left waiting`)), END_MS)
    const take = (headers: object): void => {
      const all = new Map(Object.entries(headers))
      const status = all.get('grpc-status')
      if (status === undefined) return
      clearTimeout(timer)
      const text = decodeURIComponent(String(all.get('grpc-message') ?? ''))
      resolve({ status: String(status), text })
    }
    stream.on('response', take)
    stream.on('trailers', take)
    stream.on('close', () => {
      clearTimeout(timer)
      resolve({ status: `reset ${stream.rstCode}`, text: '' })
    })
    stream.resume()
  })
}
