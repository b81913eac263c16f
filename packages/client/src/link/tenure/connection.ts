/**
 * One connection over Tenure's own protocol: a single stream, on which all sessions of a client are channels.
 *
 *   opening ──► greeting ──► open ──► over
 *
 * Nothing but the hello is said before the server has answered it. A retired connection takes nothing new and goes with the
 * last of those that use it; one that nobody uses goes after a moment, so that it keeps no program from ending.
 */
import {
  type ClientMessage,
  CONNECT_PATH,
  decodeServerFrame,
  type NodeQuestion,
  PROTOCOL_VERSION,
  type Reply,
  type ServerHello,
  type ServerMessage,
  type SessionOperation,
} from '@tenure/protocol'
import type { Timer } from '../../clock.ts'
import type { CallError, MessageStream } from '../grpc/channel.ts'
import type { ChannelUse } from '../grpc/channels.ts'
import type { Ground } from '../grpc/ground.ts'
import { endOfLogin, refusalOfGrpc } from '../grpc/status.ts'
import { headersFor } from '../grpc/unary.ts'
import type { AttachmentEnd, RefusalCode } from '../link.ts'
import { Askers } from './askers.ts'
import { DeclaredPeriod } from './declared-period.ts'
import { Heartbeat } from './heartbeat.ts'
import { capabilitiesOf, helloFrame } from './hello.ts'
import { Incoming } from './incoming.ts'
import { Outgoing } from './outgoing.ts'
import type { Capabilities, DirectedRequest, Questioner, SessionAsker, Tenant } from './tenant.ts'

export interface ConnectionOptions {
  /** Which server it is to lead to; without a name any server will do. */
  readonly server?: string
  /** The server turns out not to speak this protocol: called before anybody is told that all is over. */
  readonly notSpoken: () => void
  /** Nothing is said or heard any more; nobody was told yet. */
  readonly over?: () => void
}

type AboutSession = Extract<ServerMessage, { readonly channel: number }>

/** How long a connection is kept that nobody uses. */
const IDLE_MS = 250
/** How often the server must answer while only questions wait that have no session. */
const QUESTION_HEARTBEAT_MS = 5_000
/** What another attempt may find otherwise, though the server has spoken before. */
const SAID_AT_ANY_TIME: ReadonlySet<RefusalCode> = new Set(['UNAUTHORIZED', 'OVERLOADED'])

export class TenureConnection {
  readonly #ground: Ground
  readonly #options: ConnectionOptions
  readonly #outgoing = new Outgoing()
  readonly #incoming: Incoming
  readonly #heartbeat: Heartbeat
  readonly #tenants = new Map<number, Tenant>()
  readonly #asked = new Askers()
  readonly #questions = new Map<number, Questioner>()
  #lastId = 0
  #phase: 'opening' | 'greeting' | 'open' | 'over' = 'opening'
  #use: ChannelUse | null = null
  #stream: MessageStream | null = null
  #idle: Timer | null = null
  #isRetired = false
  readonly #period = new DeclaredPeriod()
  /** A token was refused, and another one can be had. */
  #isTokenSpent = false
  #capabilities: Capabilities = { hasRecords: false, hasLog: false }
  /** What the server calls itself; null before its hello. */
  #server: string | null = null

  constructor(ground: Ground, options: ConnectionOptions) {
    this.#ground = ground
    this.#options = options
    this.#incoming = new Incoming(ground.clock, (message) => this.#receive(message))
    this.#heartbeat = new Heartbeat({
      clock: ground.clock,
      periodMs: () => this.#periodMs(),
      ping: (periodMs) => {
        const id = this.#nextId()
        this.#outgoing.add({ kind: 'ping', id, periodMs })
        this.#declare(periodMs)
        return id
      },
      answered: (sentAtMs) => {
        for (const tenant of this.#tenants.values()) tenant.contact(sentAtMs)
      },
      silent: (cause) => this.#break(cause),
    })
    ground.tokens.get().then(
      (token) => this.#open(token),
      (error: unknown) => this.#end(endOfLogin(error)),
    )
    this.#disengage()
  }

  /** Whether new sessions and questions must go another way. */
  get isRetired(): boolean {
    return this.#isRetired
  }

  /** Whether the server has said hello, and is the right one. */
  get isGreeted(): boolean {
    return this.#server !== null
  }

  /** What the server calls itself among others; empty before it is known, and when it is alone. */
  get server(): string {
    return this.#server ?? ''
  }

  /** Where it leads, for messages; empty before it is known. */
  get host(): string {
    return this.#use?.host ?? ''
  }

  /** How often the server expects to hear something, as it was told at this time or later; Infinity when it was told nothing. */
  expectedMs(toldAtMs: number): number {
    return this.#period.expectedMs(toldAtMs)
  }

  /** @returns the channel of the session */
  attach(request: DirectedRequest, tenant: Tenant): number {
    const { path, sessionId, timeoutMs, description, sequenceNumber } = request
    const { protectionKey, unreached } = request
    const id = this.#nextId()
    this.#outgoing.add({
      kind: 'attach',
      id,
      path,
      sessionId,
      timeoutMs: BigInt(timeoutMs),
      description,
      sequenceNumber,
      protectionKey,
      unreached,
    })
    this.#tenants.set(id, tenant)
    this.#cancelIdle()
    return id
  }

  /** The heartbeat of a session that has started, or has become more hurried. */
  hurry(heartbeatMs: number): void {
    this.#heartbeat.quicken(heartbeatMs)
  }

  ask(channel: number, operation: SessionOperation, asker: SessionAsker): number {
    const id = this.#nextId()
    this.#outgoing.add({ kind: 'ask', channel, id, operation })
    this.#asked.set(id, asker)
    return id
  }

  askNode(path: string, question: NodeQuestion, questioner: Questioner): number {
    const id = this.#nextId()
    this.#outgoing.add({ kind: 'ask-node', id, path, question })
    this.#questions.set(id, questioner)
    this.#cancelIdle()
    this.#heartbeat.quicken(QUESTION_HEARTBEAT_MS)
    return id
  }

  say(message: ClientMessage): void {
    if (this.#phase !== 'over') this.#outgoing.add(message)
  }

  /** Who waits for what is said to the request. */
  askerOf(id: number): SessionAsker | undefined {
    return this.#asked.get(id)
  }

  /** What is said to this request is of no interest any more. */
  ignore(id: number): void {
    this.#asked.delete(id)
    if (this.#questions.delete(id)) this.#disengage()
  }

  /** Nothing that comes for this session is of interest any more. */
  release(channel: number): void {
    if (this.#tenants.delete(channel)) this.#disengage()
  }

  /** Nothing new may come this way. */
  retire(): void {
    this.#isRetired = true
    this.#disengage()
  }

  /** The way seems to carry nothing: what is new gets another, to the next host. */
  doubt(): void {
    this.#use?.fail()
    this.retire()
  }

  /** It has not been greeted in time: whoever waits for that goes another way, and nothing of them leaves here any more. */
  giveUp(): void {
    this.#break(new Error('the server has not greeted in time'))
  }

  /** The token was refused. @returns whether another connection gets another one */
  renewsToken(): boolean {
    this.#isTokenSpent ||= this.#ground.tokens.forget()
    if (this.#isTokenSpent) this.retire()
    return this.#isTokenSpent
  }

  #cancelIdle(): void {
    this.#idle?.cancel()
    this.#idle = null
  }

  #disengage(): void {
    if (this.#tenants.size > 0 || this.#questions.size > 0 || this.#phase === 'over') return
    if (this.#isRetired) this.#close()
    else {
      this.#cancelIdle()
      this.#idle = this.#ground.clock.after(IDLE_MS, () => this.#close())
    }
  }

  #periodMs(): number {
    let periodMs = this.#questions.size === 0 ? Infinity : QUESTION_HEARTBEAT_MS
    for (const { heartbeatMs } of this.#tenants.values()) {
      if (heartbeatMs < periodMs) periodMs = heartbeatMs
    }
    return periodMs
  }

  #declare(periodMs: number): void {
    const nowMs = this.#ground.clock.monotonicMs()
    if (!this.#period.declare(periodMs, nowMs)) return
    for (const tenant of this.#tenants.values()) tenant.declared(nowMs)
  }

  #nextId(): number {
    this.#lastId += 1
    return this.#lastId
  }

  #open(token: string): void {
    if (this.#phase === 'over') return
    const { channels, database, to } = this.#ground
    this.#phase = 'greeting'
    this.#use = channels.use()
    this.#stream = this.#use.channel.stream(CONNECT_PATH, headersFor(database, token), {
      message: (frame) => this.#read(frame),
      ended: () => {
        this.#incoming.takeAll()
        this.#break(new Error('the server ended the stream'))
      },
      failed: (error) => {
        this.#incoming.takeAll()
        this.#fail(error)
      },
    })
    this.#stream.write(helloFrame(to !== null))
  }

  #read(frame: Uint8Array): void {
    if (this.#phase === 'over') return
    let messages: ServerMessage[]
    try {
      messages = decodeServerFrame(frame)
    } catch (error) {
      this.#break(error)
      return
    }
    this.#incoming.add(messages)
  }

  #receive(message: ServerMessage): void {
    if (this.#phase === 'over') return
    if (message.kind === 'hello') {
      if (this.#phase === 'greeting') this.#greeted(message)
      return
    }
    if (this.#phase !== 'open') {
      this.#break(new Error(`the server said "${message.kind}" before its hello`))
      return
    }
    switch (message.kind) {
      case 'answer':
        this.#answered(message.id, message.reply)
        return
      case 'shown':
        this.#asked.shown(message)
        return
      case 'pong':
        this.#heartbeat.pong(message.id)
        return
      case 'attached':
      case 'notice':
      case 'ended':
      case 'elsewhere':
        this.#tell(message)
        return
      case 'unknown':
        return
    }
  }

  #tell(message: AboutSession): void {
    const tenant = this.#tenants.get(message.channel)
    switch (message.kind) {
      case 'attached':
        tenant?.attached(message.sessionId, this.#capabilities)
        return
      case 'notice':
        tenant?.noticed(message.notice)
        return
      case 'ended':
      case 'elsewhere':
        this.#tenants.delete(message.channel)
        if (message.kind === 'ended') tenant?.ended(message)
        else tenant?.elsewhere(message)
        this.#disengage()
    }
  }

  #greeted(hello: ServerHello): void {
    const { version, server } = hello
    if (version < 1 || version > PROTOCOL_VERSION) {
      this.#refuseToSpeak(`the server speaks version ${version} of the protocol, this client 1`)
      return
    }
    if (this.#options.server !== undefined && this.#options.server !== server) {
      this.#break(new Error(`another server answers at ${this.host}`))
      return
    }
    this.#phase = 'open'
    this.#server = server
    this.#capabilities = capabilitiesOf(hello)
    this.#outgoing.open((frame) => this.#stream?.write(frame))
  }

  #answered(id: number, reply: Reply): void {
    if (this.#asked.answered(id, reply)) return
    const questioner = this.#questions.get(id)
    if (questioner === undefined || questioner.hear(reply)) return
    this.#questions.delete(id)
    this.#disengage()
  }

  #fail(error: CallError): void {
    if (this.#phase === 'over') return
    const refusal = refusalOfGrpc(error)
    if (refusal === null) this.#break(error)
    else if (this.#phase === 'open' && !SAID_AT_ANY_TIME.has(refusal.code)) this.#break(error)
    else if (refusal.code === 'UNSUPPORTED') this.#refuseToSpeak(refusal.message)
    else if (refusal.code === 'UNAUTHORIZED' && this.renewsToken()) {
      // For sessions the next attach is the other attempt; who asks a question makes one himself.
      this.#end({ kind: 'refused', refusal }, { kind: 'broken', cause: error })
    } else this.#end({ kind: 'refused', refusal })
  }

  #refuseToSpeak(message: string): void {
    this.#options.notSpoken()
    this.#end({ kind: 'refused', refusal: { kind: 'refused', code: 'UNSUPPORTED', message } })
  }

  /** The way is broken: whatever comes next takes another. */
  #break(cause: unknown): void {
    if (this.#phase === 'over') return
    this.#use?.fail()
    this.#end({ kind: 'broken', cause })
  }

  #end(end: AttachmentEnd, endOfTenants: AttachmentEnd = end): void {
    if (this.#phase === 'over') return
    const tenants = [...this.#tenants.values()]
    const questioners = [...this.#questions.values()]
    this.#close()
    for (const tenant of tenants) tenant.cut(endOfTenants)
    for (const questioner of questioners) questioner.cut(end)
  }

  /** Nothing is said or heard any more. */
  #close(): void {
    if (this.#phase === 'over') return
    this.#phase = 'over'
    this.#isRetired = true
    this.#cancelIdle()
    this.#heartbeat.stop()
    this.#outgoing.close()
    this.#incoming.close()
    this.#tenants.clear()
    this.#asked.clear()
    this.#questions.clear()
    this.#stream?.cancel()
    this.#use?.end()
    this.#options.over?.()
  }
}
