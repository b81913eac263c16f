/**
 * One connection of Tenure's own protocol: its greeting, its requests, its liveness and its end. Messages in, messages out;
 * bytes are the transport's.
 */
import {
  type AttachSession,
  CAPABILITY,
  type ClientHello,
  type ClientMessage,
  type NodeAsk,
  PROTOCOL_VERSION,
  type ServerMessage,
} from '@tenure/protocol'
import type { Timer } from '../../clock.ts'
import type { CallInfo, ServiceContext } from '../call.ts'
import { CONNECTION_QUESTIONS_MAX, CONNECTION_UNANSWERED_MAX, FIRST_MESSAGE_MS } from '../limits.ts'
import { OVERLOADED_TEXT } from '../status.ts'
import type { Channel } from './channel.ts'
import { Channels, type ChannelsOwner } from './channels.ts'
import { replyTo } from './questions.ts'
import { Silence } from './silence.ts'

/** Why a call ends without a message of the protocol. */
export type ConnectionError =
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'RESOURCE_EXHAUSTED'
  | 'UNAVAILABLE'
  | 'UNIMPLEMENTED'

/** What carries the messages of a connection. */
export interface ConnectionTransport {
  /** @returns false when nobody is there any more */
  send(messages: readonly ServerMessage[]): boolean
  /** Ends the call with an error of the call itself, after what was sent. */
  fail(error: ConnectionError, message: string): void
  /** `ready` has become true. */
  resume(): void
}

/** What the server calls itself. */
const AGENT = 'tenure'
const CAPABILITIES = [CAPABILITY.records, CAPABILITY.log] as const

type Phase = 'waiting' | 'working' | 'ended'

export class ConnectionStream implements ChannelsOwner {
  readonly #context: ServiceContext
  readonly #call: CallInfo
  readonly #transport: ConnectionTransport
  readonly #channels: Channels
  readonly #firstMessage: Timer
  #phase: Phase = 'waiting'
  #silence: Silence | null = null
  /** Ids grow, so that no answer belongs to two requests. */
  #lastId = 0
  /** Questions outside of sessions that are not answered yet. */
  #questions = 0
  #wasReady = true
  #out: ServerMessage[] = []
  /** New sessions whose beginning `#out` tells. */
  #born: Channel[] = []
  #followsSigns = false

  constructor(context: ServiceContext, call: CallInfo, transport: ConnectionTransport) {
    this.#context = context
    this.#call = call
    this.#transport = transport
    this.#channels = new Channels(context, call, this)
    this.#firstMessage = context.clock.after(FIRST_MESSAGE_MS, () => {
      this.#fail('DEADLINE_EXCEEDED', 'no hello has come')
    })
  }

  /** Whether the next frame is wanted. */
  get ready(): boolean {
    if (this.#phase === 'ended') return false
    return this.#channels.unsettled + this.#questions <= CONNECTION_UNANSWERED_MAX
  }

  /** Takes the messages of one frame; only while `ready`. */
  receiveFrame(messages: readonly ClientMessage[]): void {
    this.#silence?.heard()
    for (const message of messages) {
      if (this.#phase === 'waiting') this.#greet(message)
      else if (this.#phase === 'working') this.#receive(message)
    }
    this.flush()
  }

  /** The client has gone: its sessions are detached. */
  left(): void {
    this.#end()
  }

  /** The client does not read what it is sent. */
  overflow(): void {
    this.#fail('RESOURCE_EXHAUSTED', 'too much was sent and not read')
  }

  /** The server stops. */
  stop(): void {
    this.#fail('UNAVAILABLE', 'the server stops')
  }

  say(message: ServerMessage): void {
    this.#out.push(message)
  }

  flush(): void {
    if (this.#phase === 'ended') return
    this.#sendOut()
    const wasReady = this.#wasReady
    this.#wasReady = this.ready
    if (wasReady || !this.#wasReady) return
    this.#silence?.heard()
    this.#transport.resume()
  }

  get followsSigns(): boolean {
    return this.#followsSigns
  }

  opened(channel: Channel, timeoutMs: bigint): void {
    this.#silence?.serve(timeoutMs)
    if (channel.isNew) this.#born.push(channel)
  }

  #sendOut(): void {
    const out = this.#out
    const born = this.#born
    if (out.length === 0) return
    this.#out = []
    if (born.length > 0) this.#born = []
    if (this.#transport.send(out)) return
    // Nobody will come back for a session that nobody was told of.
    for (const channel of born) channel.way.abandon(channel)
    this.#end()
  }

  #greet(message: ClientMessage): void {
    this.#firstMessage.cancel()
    if (message.kind !== 'hello') {
      return this.#fail('INVALID_ARGUMENT', 'the first message must be a hello')
    }
    this.say({
      kind: 'hello',
      version: PROTOCOL_VERSION,
      capabilities: CAPABILITIES,
      agent: AGENT,
      server: this.#context.neighbours.name,
    })
    this.#followsSigns = message.capabilities.includes(CAPABILITY.elsewhere)
    // A client of a later version goes on in this one, or leaves.
    if (message.version < PROTOCOL_VERSION) return this.#refuseVersion(message)
    this.#phase = 'working'
    this.#silence = new Silence({
      clock: this.#context.clock,
      listening: () => this.ready,
      silent: () => this.#fail('DEADLINE_EXCEEDED', 'nothing was heard from the client in time'),
    })
  }

  #refuseVersion({ version }: ClientHello): void {
    const versions = `the client speaks version ${version}, this server version ${PROTOCOL_VERSION}`
    this.#fail('UNIMPLEMENTED', versions)
  }

  #receive(message: ClientMessage): void {
    switch (message.kind) {
      case 'hello':
        return this.#fail('INVALID_ARGUMENT', 'the client has said hello before')
      case 'ping':
        // Without a period the one that was last told stays.
        if (message.periodMs > 0) this.#silence?.declare(message.periodMs)
        if (this.#takes(message.id)) this.say({ kind: 'pong', id: message.id })
        return
      case 'attach':
        return this.#attach(message)
      case 'ask':
        if (this.#takes(message.id)) this.#channels.ask(message)
        return
      case 'ask-node':
        if (this.#takes(message.id)) this.#question(message)
        return
      case 'stop':
      case 'leave':
      case 'forget':
        return this.#channels.tell(message)
      case 'unknown':
        this.#passOver(message.id)
    }
  }

  /** What this server does not know is refused, if it is to be answered. */
  #passOver(id: number): void {
    if (id === 0 || !this.#takes(id)) return
    this.#channels.refuse(id, 'UNSUPPORTED', 'this server does not know the request')
  }

  #attach(asked: AttachSession): void {
    const { id: channel } = asked
    // The end of a channel would be understood as that of the session which has the number.
    if (this.#channels.channelOf(channel) !== undefined) this.#takes(channel)
    else if (this.#isNextId(channel)) this.#channels.attach(asked)
    else {
      this.say({
        kind: 'ended',
        channel,
        code: 'INVALID_ARGUMENT',
        message: this.#oldIdText(channel),
      })
    }
  }

  /** Whether the id is greater than all before it; the request is refused otherwise. */
  #takes(id: number): boolean {
    const isNext = this.#isNextId(id)
    if (!isNext) this.#channels.refuse(id, 'INVALID_ARGUMENT', this.#oldIdText(id))
    return isNext
  }

  #isNextId(id: number): boolean {
    if (id <= this.#lastId) return false
    this.#lastId = id
    return true
  }

  #oldIdText(id: number): string {
    return `ids must grow; ${id} came after ${this.#lastId}`
  }

  #question(asked: NodeAsk): void {
    if (this.#questions < CONNECTION_QUESTIONS_MAX) void this.#askNode(asked)
    else this.#channels.refuse(asked.id, 'OVERLOADED', OVERLOADED_TEXT)
  }

  async #askNode(asked: NodeAsk): Promise<void> {
    const { id } = asked
    this.#questions += 1
    const reply = await replyTo(this.#context, asked, this.#call)
    this.#questions -= 1
    if (this.#isOver()) return
    this.say({ kind: 'answer', id, reply })
    this.flush()
  }

  #fail(error: ConnectionError, message: string): void {
    if (this.#phase === 'ended') return
    this.#sendOut()
    if (this.#isOver()) return
    this.#end()
    this.#transport.fail(error, message)
  }

  /** Sending may find out that nobody is there. */
  #isOver(): boolean {
    return this.#phase === 'ended'
  }

  #end(): void {
    this.#phase = 'ended'
    this.#firstMessage.cancel()
    this.#silence?.stop()
    this.#channels.close()
    this.#out = []
    this.#born = []
  }
}
