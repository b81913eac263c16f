/**
 * A client of Tenure's own protocol that is no more than grpc-js and the codec. It pings when told to, and remembers what
 * it was told until a test asks for it.
 */
import { Client, credentials, type ClientDuplexStream, Metadata } from '@grpc/grpc-js'
import {
  type ClientMessage,
  CONNECT_PATH,
  decodeServerFrame,
  encodeClientFrame,
  type NodeQuestion,
  type Reply,
  type ServerMessage,
  type SessionOperation,
} from '@tenure/protocol'
import type { RunningServer } from '../../src/index.ts'
import { atEnd } from './harness.ts'
import type { CallEnd } from './raw-client.ts'

const WAIT_MS = 5_000
const MESSAGE_BYTES_MAX = 128 * 1024 * 1024

type Kind = ServerMessage['kind']
type Of<K extends Kind> = Extract<ServerMessage, { kind: K }>

export interface AttachOptions {
  path?: string
  sessionId?: bigint
  timeoutMs?: bigint
  sequenceNumber?: bigint
}

export class FrameClient {
  readonly #client: Client
  readonly #call: ClientDuplexStream<Uint8Array, readonly ServerMessage[]>
  /** Sizes of the frames that have come. */
  readonly frames: number[] = []
  readonly messages: ServerMessage[] = []
  readonly ended: Promise<CallEnd>
  #wake: () => void = () => {}
  #lastId = 0

  constructor({ host, port }: { host: string; port: number }, ticket = '') {
    this.#client = new Client(`${host}:${port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
      'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
      'grpc.use_local_subchannel_pool': 1,
    })
    const metadata = new Metadata()
    if (ticket !== '') metadata.set('x-ydb-auth-ticket', ticket)
    this.#call = this.#client.makeBidiStreamRequest(
      CONNECT_PATH,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes: Buffer) => decodeServerFrame(bytes),
      metadata,
    )
    this.#call.on('data', (messages: readonly ServerMessage[]) => {
      this.frames.push(messages.length)
      this.messages.push(...messages)
      this.#wake()
    })
    this.#call.on('error', () => {})
    this.ended = new Promise((resolve) => {
      this.#call.on('status', ({ code, details }) => resolve({ code, details }))
    })
  }

  nextId(): number {
    this.#lastId += 1
    return this.#lastId
  }

  say(...messages: readonly ClientMessage[]): void {
    this.sayBytes(encodeClientFrame(messages))
  }

  sayBytes(bytes: Uint8Array): void {
    this.#call.write(bytes)
  }

  hello(version = 1): void {
    this.say({ kind: 'hello', version, capabilities: [], agent: 'test' })
  }

  ping(periodMs = 10_000): number {
    const id = this.nextId()
    this.say({ kind: 'ping', id, periodMs })
    return id
  }

  /** @returns the channel */
  attach(options: AttachOptions = {}): number {
    const message = this.attachMessage(options)
    this.say(message)
    return message.id
  }

  attachMessage(options: AttachOptions = {}): Extract<ClientMessage, { kind: 'attach' }> {
    const {
      path = '/local/node',
      sessionId = 0n,
      timeoutMs = 10_000n,
      sequenceNumber = 0n,
    } = options
    const settings = { path, sessionId, timeoutMs, sequenceNumber, description: '', unreached: '' }
    return { kind: 'attach', id: this.nextId(), ...settings, protectionKey: new Uint8Array(0) }
  }

  /** @returns the channel and its session */
  async open(options: AttachOptions = {}): Promise<{ channel: number; sessionId: bigint }> {
    const channel = this.attach(options)
    const { sessionId } = await this.until('attached', (message) => message.channel === channel)
    return { channel, sessionId }
  }

  ask(channel: number, operation: SessionOperation): number {
    const id = this.nextId()
    this.say({ kind: 'ask', channel, id, operation })
    return id
  }

  askNode(question: NodeQuestion, path = '/local/node'): number {
    const id = this.nextId()
    this.say({ kind: 'ask-node', id, path, question })
    return id
  }

  acquire(channel: number, name: string, timeoutMs = 60_000n): number {
    return this.ask(channel, acquireOf(name, timeoutMs))
  }

  repliesTo(id: number): Reply[] {
    const replies: Reply[] = []
    for (const message of this.messages) {
      if (message.kind === 'answer' && message.id === id) replies.push(message.reply)
    }
    return replies
  }

  /** The reply of this kind to a request. */
  async reply<K extends Reply['kind']>(id: number, kind: K): Promise<Extract<Reply, { kind: K }>> {
    const isIt = (reply: Reply): reply is Extract<Reply, { kind: K }> => reply.kind === kind
    const { reply } = await this.until('answer', (one) => one.id === id && isIt(one.reply))
    if (!isIt(reply)) throw new Error('unreachable')
    return reply
  }

  /** The first message of this kind for which `fits` holds, of those that have come and will come. */
  async until<K extends Kind>(
    kind: K,
    fits: (message: Of<K>) => boolean = () => true,
  ): Promise<Of<K>> {
    const isIt = (message: ServerMessage): message is Of<K> => message.kind === kind
    let looked = 0
    for (;;) {
      for (; looked < this.messages.length; looked += 1) {
        const message = this.messages[looked]
        if (message !== undefined && isIt(message) && fits(message)) return message
      }
      await this.#more(kind)
    }
  }

  async #more(wanted: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const woken = new Promise<string>((resolve) => {
      this.#wake = () => resolve('')
      timer = setTimeout(() => resolve('nothing has come'), WAIT_MS)
    })
    const over = this.ended.then(({ code, details }) => `the call ended: ${code} ${details}`)
    const problem = await Promise.race([woken, over])
    clearTimeout(timer)
    if (problem !== '') throw new Error(`waiting for ${wanted}: ${problem}`)
  }

  pause(): void {
    this.#call.pause()
  }

  resume(): void {
    this.#call.resume()
  }

  halfClose(): void {
    this.#call.end()
  }

  cancel(): void {
    this.#call.cancel()
  }

  close(): void {
    this.#client.close()
  }
}

export function acquireOf(name: string, timeoutMs = 60_000n): SessionOperation {
  const count = 0xffff_ffff_ffff_ffffn
  return { kind: 'acquire', name, count, timeoutMs, data: new Uint8Array(0), ephemeral: true }
}

/** A connection that has said hello. */
export function dial(server: Pick<RunningServer, 'grpcAddress'>, ticket = ''): FrameClient {
  const client = new FrameClient(server.grpcAddress, ticket)
  atEnd(() => {
    client.cancel()
    client.close()
  })
  client.hello()
  return client
}
