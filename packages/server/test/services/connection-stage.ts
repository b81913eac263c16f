/** Connections of Tenure's own protocol over a host whose engine has moods and whose clock is moved by hand. */
import type {
  ClientMessage,
  NodeQuestion,
  Reply,
  ServerMessage,
  SessionOperation,
} from '@tenure/protocol'
import { silentLog } from '../../src/log.ts'
import { systemRandom } from '../../src/random.ts'
import { Accounts, type Users } from '../../src/services/accounts.ts'
import type { ServiceContext } from '../../src/services/call.ts'
import {
  type ConnectionError,
  ConnectionStream,
  type ConnectionTransport,
} from '../../src/services/connection/connection-stream.ts'
import { type Neighbours, NO_NEIGHBOURS } from '../../src/services/neighbours.ts'
import type { TabletLimits } from '../../src/tablet/limits.ts'
import { settle } from '../tablet/manual-clock.ts'
import { createNode, PATH, type Stage, stage } from '../tablet/stage.ts'

export { PATH }

export const NOTHING: Uint8Array = new Uint8Array(0)
export const FOR_EVER = 0xffff_ffff_ffff_ffffn

export interface ConnectionStage extends Stage {
  readonly context: ServiceContext
  /** A connection that has said hello. */
  readonly connect: (ticket?: string, capabilities?: readonly string[]) => Caller
}

export async function connectionStage(
  options: {
    readonly tablet?: Partial<TabletLimits>
    readonly users?: Users
    readonly neighbours?: Neighbours
  } = {},
): Promise<ConnectionStage> {
  const set = stage(options.tablet === undefined ? {} : { tablet: options.tablet })
  await createNode(set.host)
  const { clock, host } = set
  const context: ServiceContext = {
    host,
    clock,
    random: systemRandom,
    log: silentLog,
    database: '/local',
    accounts: new Accounts(options.users ?? {}, clock, systemRandom),
    neighbours: options.neighbours ?? NO_NEIGHBOURS,
  }
  return {
    ...set,
    context,
    connect(ticket = '', capabilities = []) {
      const caller = new Caller(context, ticket)
      caller.say({ kind: 'hello', version: 1, capabilities, agent: 'test' })
      return caller
    },
  }
}

type Kind = ServerMessage['kind']
type Of<K extends Kind> = Extract<ServerMessage, { kind: K }>

/** A client of one connection that remembers what it was told. */
export class Caller implements ConnectionTransport {
  readonly stream: ConnectionStream
  readonly frames: (readonly ServerMessage[])[] = []
  failure: { readonly error: ConnectionError; readonly message: string } | null = null
  resumes = 0
  /** Nobody is there any more. */
  isDeaf = false
  #lastId = 0

  constructor(context: ServiceContext, ticket = '') {
    const call = { database: '', ticket, address: '127.0.0.1', port: 0 }
    this.stream = new ConnectionStream(context, call, this)
  }

  get messages(): ServerMessage[] {
    return this.frames.flat()
  }

  all<K extends Kind>(kind: K): Of<K>[] {
    return this.messages.filter((message): message is Of<K> => message.kind === kind)
  }

  /** What was said in reply to a request, in order. */
  repliesTo(id: number): Reply[] {
    return this.all('answer')
      .filter((answer) => answer.id === id)
      .map(({ reply }) => reply)
  }

  /** How a channel ended; null when it has not. */
  endOf(channel: number): string | null {
    return this.all('ended').find((ended) => ended.channel === channel)?.code ?? null
  }

  sessionOf(channel: number): bigint {
    const attached = this.all('attached').find((one) => one.channel === channel)
    if (attached === undefined) throw new Error(`channel ${channel} is not open`)
    return attached.sessionId
  }

  nextId(): number {
    this.#lastId += 1
    return this.#lastId
  }

  say(...messages: readonly ClientMessage[]): void {
    this.stream.receiveFrame(messages)
  }

  /** @returns the channel */
  attach(
    options: {
      path?: string
      sessionId?: bigint
      timeoutMs?: bigint
      key?: string
      unreached?: string
    } = {},
  ): number {
    const { path = PATH, sessionId = 0n, timeoutMs = 5_000n, key = '', unreached = '' } = options
    const id = this.nextId()
    this.say({
      kind: 'attach',
      id,
      path,
      sessionId,
      timeoutMs,
      description: '',
      sequenceNumber: 0n,
      protectionKey: Buffer.from(key),
      unreached,
    })
    return id
  }

  /** @returns the channel, open */
  async open(
    options: { path?: string; sessionId?: bigint; timeoutMs?: bigint } = {},
  ): Promise<number> {
    const channel = this.attach(options)
    await settle()
    this.sessionOf(channel)
    return channel
  }

  ask(channel: number, operation: SessionOperation): number {
    const id = this.nextId()
    this.say({ kind: 'ask', channel, id, operation })
    return id
  }

  acquire(channel: number, name: string, timeoutMs: bigint = FOR_EVER): number {
    return this.ask(channel, acquireOf(name, timeoutMs))
  }

  askNode(question: NodeQuestion, path: string = PATH): number {
    const id = this.nextId()
    this.say({ kind: 'ask-node', id, path, question })
    return id
  }

  ping(periodMs = 1_000): number {
    const id = this.nextId()
    this.say({ kind: 'ping', id, periodMs })
    return id
  }

  send(messages: readonly ServerMessage[]): boolean {
    if (this.isDeaf) return false
    this.frames.push(messages)
    return true
  }

  fail(error: ConnectionError, message: string): void {
    this.failure = { error, message }
  }

  resume(): void {
    this.resumes += 1
  }
}

export function acquireOf(name: string, timeoutMs: bigint = FOR_EVER): SessionOperation {
  return { kind: 'acquire', name, count: FOR_EVER, timeoutMs, data: NOTHING, ephemeral: true }
}
