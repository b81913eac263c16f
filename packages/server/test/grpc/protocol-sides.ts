/** Sessions over either protocol, which ask the same and say what they hear in the same words. */
import {
  type Reply,
  type SemaphoreMessage,
  type SessionOperation,
  STATUS,
  statusName,
} from '@tenure/protocol'
import type { FrameClient } from './frame-client.ts'
import type { RawStream, RequestOneof } from './raw-client.ts'

export const SESSIONS = 4

/** What a session has heard: `request answer …` each. */
type Heard = readonly string[]

export interface Side {
  ask(session: number, id: number, operation: SessionOperation): void
  /** All that has been said since, of each session. */
  heard(): Promise<readonly Heard[]>
}

export class YdbSide implements Side {
  readonly #streams: readonly RawStream[]
  #pings = 0n

  private constructor(streams: readonly RawStream[]) {
    this.#streams = streams
  }

  static async open(session: () => Promise<RawStream>): Promise<Side> {
    const streams: RawStream[] = []
    // One after the other, so that both sides have the same sessions.
    for (let at = 0; at < SESSIONS; at += 1) streams.push(await session())
    return new YdbSide(streams)
  }

  ask(session: number, id: number, operation: SessionOperation): void {
    this.#streams[session]?.send(requestOf(BigInt(id), operation))
  }

  async heard(): Promise<readonly Heard[]> {
    // An answer to something of each session comes behind all that was said before.
    const words: Heard[] = []
    for (const stream of [...this.#streams, ...this.#streams]) words.push(await this.#until(stream))
    return this.#streams.map((_, at) => [...(words[at] ?? []), ...(words[at + SESSIONS] ?? [])])
  }

  /** A release of nothing is answered when its commit is done, and with it all that the commits before have said. */
  async #until(stream: RawStream): Promise<Heard> {
    this.#pings += 1n
    const reqId = 1_000_000n + this.#pings
    stream.send({ case: 'releaseSemaphore', value: { reqId, name: 'nothing' } })
    const words: string[] = []
    for (;;) {
      const said = await stream.take()
      if (said.case === 'releaseSemaphoreResult' && said.value.reqId === reqId) return words
      if (said.case !== 'ping') words.push(ydbWords(said))
    }
  }
}

export class OwnSide implements Side {
  readonly #client: FrameClient
  readonly #channels: readonly number[]
  /** By the client's ids, the ids that both sides know. */
  readonly #ids = new Map<number, { readonly id: number; readonly session: number }>()
  #seen = 0

  private constructor(client: FrameClient, channels: readonly number[]) {
    this.#client = client
    this.#channels = channels
  }

  static async open(client: FrameClient): Promise<Side> {
    client.ping()
    const channels: number[] = []
    for (let at = 0; at < SESSIONS; at += 1) {
      channels.push((await client.open({ path: '/local/twin' })).channel)
    }
    return new OwnSide(client, channels)
  }

  ask(session: number, id: number, operation: SessionOperation): void {
    const asked = this.#client.ask(this.#channels[session] ?? 0, operation)
    this.#ids.set(asked, { id, session })
  }

  async heard(): Promise<readonly Heard[]> {
    const { messages } = this.#client
    for (let round = 0; round < 2; round += 1) {
      const last = this.#client.ask(this.#channels[0] ?? 0, { kind: 'release', name: 'nothing' })
      await this.#client.reply(last, 'released')
    }
    const words: string[][] = this.#channels.map(() => [])
    for (; this.#seen < messages.length; this.#seen += 1) {
      const message = messages[this.#seen]
      if (message?.kind !== 'answer') continue
      const asked = this.#ids.get(message.id)
      if (asked === undefined) continue
      words[asked.session]?.push(`${asked.id} ${ownWords(message.reply)}`)
    }
    return words
  }
}

function requestOf(reqId: bigint, operation: SessionOperation): RequestOneof {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- YDB's protocol knows no more
  switch (operation.kind) {
    case 'acquire': {
      const { name, count, data, ephemeral, timeoutMs: timeoutMillis } = operation
      const value = { reqId, name, count, data, ephemeral, timeoutMillis }
      return { case: 'acquireSemaphore', value }
    }
    case 'release':
      return { case: 'releaseSemaphore', value: { reqId, name: operation.name } }
    case 'describe': {
      const { name, owners: includeOwners, waiters: includeWaiters } = operation
      const { watchData, watchOwners } = operation
      const value = { reqId, name, includeOwners, includeWaiters, watchData, watchOwners }
      return { case: 'describeSemaphore', value }
    }
    case 'create': {
      const { name, limit, data } = operation
      return { case: 'createSemaphore', value: { reqId, name, limit, data } }
    }
    case 'update':
      return {
        case: 'updateSemaphore',
        value: { reqId, name: operation.name, data: operation.data },
      }
    case 'delete':
      return {
        case: 'deleteSemaphore',
        value: { reqId, name: operation.name, force: operation.force },
      }
    default:
      throw new Error(`YDB has no ${operation.kind}`)
  }
}

type Said = Awaited<ReturnType<RawStream['take']>>

function ydbWords(said: Said): string {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- nothing else answers a request
  switch (said.case) {
    case 'acquireSemaphorePending':
      return `${said.value.reqId} pending`
    case 'acquireSemaphoreResult':
      return resultWords(said.value, said.value.acquired ? 'acquired' : 'not-acquired')
    case 'releaseSemaphoreResult':
      return resultWords(said.value, `released ${said.value.released}`)
    case 'describeSemaphoreResult': {
      const { semaphoreDescription: described, watchAdded } = said.value
      return resultWords(said.value, described ? semaphoreWords(described, watchAdded) : 'nothing')
    }
    case 'describeSemaphoreChanged': {
      const { reqId, dataChanged, ownersChanged } = said.value
      return `${reqId} changed ${dataChanged} ${ownersChanged}`
    }
    case 'createSemaphoreResult':
    case 'updateSemaphoreResult':
    case 'deleteSemaphoreResult':
      return resultWords(said.value, 'done')
    default:
      return `unexpected ${said.case}`
  }
}

interface Result {
  readonly reqId: bigint
  readonly status: number
  readonly issues: readonly { readonly message: string }[]
}

function resultWords({ reqId, status, issues }: Result, done: string): string {
  if (status === STATUS.SUCCESS) return `${reqId} ${done}`
  return `${reqId} ${refusalWords(statusName(status), issues[0]?.message ?? '')}`
}

function ownWords(reply: Reply): string {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the rest says all by its name, or is no twin's
  switch (reply.kind) {
    case 'refused':
      return refusalWords(REFUSED[reply.code] ?? reply.code, reply.message)
    case 'released':
      return `released ${reply.released}`
    case 'changed':
      return `changed ${reply.data} ${reply.owners}`
    case 'described': {
      const { description, watchAdded } = reply
      return description === null ? 'nothing' : semaphoreWords(description, watchAdded)
    }
    default:
      return reply.kind
  }
}

/** YDB's names of what it calls otherwise. */
const REFUSED: Readonly<Record<string, string>> = { INVALID_ARGUMENT: 'BAD_REQUEST' }

function refusalWords(status: string, message: string): string {
  return `refused ${status} ${message}`
}

interface HolderParts {
  readonly orderId: bigint
  readonly sessionId: bigint
  readonly count: bigint
  readonly data: Uint8Array
}

function semaphoreWords(
  semaphore: Pick<SemaphoreMessage, 'name' | 'data' | 'limit' | 'count' | 'ephemeral'> & {
    readonly owners: readonly HolderParts[]
    readonly waiters: readonly HolderParts[]
  },
  watchAdded: boolean,
): string {
  const { name, data, limit, count, ephemeral, owners, waiters } = semaphore
  const kind = ephemeral ? 'ephemeral' : 'lasting'
  const held = `${count} of ${limit}`
  const watch = watchAdded ? 'watched' : ''
  const holders = [owners, waiters].map((each) => each.map(holderWords).join(', '))
  return ['described', name, text(data), kind, held, ...holders, watch].join('; ')
}

function holderWords({ orderId, sessionId, count, data }: HolderParts): string {
  return `${orderId}: ${count} by ${sessionId} ${text(data)}`
}

function text(data: Uint8Array): string {
  return Buffer.from(data).toString()
}
