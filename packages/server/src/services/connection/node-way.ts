/**
 * A connection's way to one node: one stream of the tablet that carries all sessions which the connection has there.
 *
 * Sessions are told apart by their ids where the node speaks of them, and requests by the client's own ids, which the node
 * echoes. So nothing is remembered of a request that is under way.
 */
import type { Event, SemaphoreShown, SessionId } from '@tenure/kernel'
import type {
  AttachSession,
  CodeName,
  ForgetRequest,
  Notice,
  ServerMessage,
  SessionAsk,
} from '@tenure/protocol'
import type { HostedNode } from '../../host/host.ts'
import type { StreamCommand, StreamSink, TabletStream } from '../../tablet/stream.ts'
import { OVERLOADED_TEXT, UNAVAILABLE_TEXT } from '../status.ts'
import type { Channel } from './channel.ts'
import { commandOf } from './operation-command.ts'
import { sayShown } from './shown.ts'
import { refusal, replyOf } from './translation.ts'

/** The connection, as its ways see it. */
export interface WayOwner {
  channelOf(id: number): Channel | undefined
  /** The message leaves at the next `flush`, behind those before it. */
  say(message: ServerMessage): void
  flush(): void
  /** So many commands more, or fewer, have not been settled. */
  counted(change: number): void
  opened(channel: Channel, timeoutMs: bigint): void
  /** Nothing is said of the channel any more. */
  closed(channel: Channel): void
  /** Nobody uses the way any more, or it has ended. */
  left(way: NodeWay): void
}

/** Asks for what nobody wants to hear of. */
const NOBODY = 0n

const OVERLOADED = refusal('OVERLOADED', OVERLOADED_TEXT)

export class NodeWay implements StreamSink {
  readonly path: string
  readonly #owner: WayOwner
  /** null until the node was found. */
  #stream: TabletStream | null = null
  /** Attaches that wait for the node, in their order. */
  #early: Array<{ readonly channel: Channel; readonly command: StreamCommand }> = []
  /** By id, those that wait for the node's answer. */
  readonly #attaching = new Map<number, Channel>()
  /** By session, as far as that is known. */
  readonly #sessions = new Map<SessionId, Channel>()
  /** Requests that wait until their channels are open. */
  #held = 0
  #counted = 0
  #isOver = false

  constructor(path: string, owner: WayOwner) {
    this.path = path
    this.#owner = owner
  }

  /** Whether the session is on this way, or about to be. */
  has(session: SessionId): boolean {
    return this.#sessions.has(session)
  }

  /** The node was found. */
  begin(node: HostedNode): void {
    if (this.#isOver) return
    this.#stream = node.connect(this)
    const early = this.#early
    this.#early = []
    for (const { channel, command } of early) {
      if (channel.wish === 'leave') this.#drop(channel)
      else this.#stream.submit(command)
    }
    this.#account()
    this.#leaveIfUnused()
    this.#owner.flush()
  }

  /** There is no way to the node. */
  fail(code: CodeName, message: string): void {
    if (this.#isOver) return
    this.#isOver = true
    const channels = new Set([...this.#attaching.values(), ...this.#sessions.values()])
    for (const channel of channels) this.#end(channel, code, message)
    this.#early = []
    this.#account()
    this.#owner.left(this)
    this.#owner.flush()
  }

  /** The connection is over: its sessions are detached. */
  close(): void {
    this.#isOver = true
    this.#stream?.close()
  }

  attach(channel: Channel, asked: AttachSession): void {
    const { timeoutMs, description, sequenceNumber, protectionKey } = asked
    const settings = { timeoutMs, description, sequenceNumber, protectionKey }
    const { session } = channel
    const command = { kind: 'attach', requestId: BigInt(asked.id), session, ...settings } as const
    this.#attaching.set(channel.id, channel)
    if (session !== 0n) this.#sessions.set(session, channel)
    if (this.#stream === null) this.#early.push({ channel, command })
    else this.#stream.submit(command)
    this.#account()
    this.#leaveIfUnused()
  }

  /** Takes a request of a channel that has neither been stopped nor left. */
  ask(channel: Channel, asked: SessionAsk | ForgetRequest): void {
    if (channel.phase === 'attaching') {
      channel.held ??= []
      channel.held.push(asked)
      this.#held += 1
    } else {
      this.#submit(channel, asked)
    }
    this.#account()
  }

  stop(channel: Channel): void {
    if (channel.phase === 'attaching') {
      channel.wish = 'stop'
      return
    }
    channel.phase = 'stopping'
    const { id, session } = channel
    this.#stream?.submit({ kind: 'stop', requestId: BigInt(id), session })
    this.#account()
  }

  /** The channel is the client's no more; its session goes as soon as it is known. */
  leave(channel: Channel): void {
    if (channel.phase === 'attaching') {
      channel.wish = 'leave'
      return
    }
    this.#stream?.detach(channel.session)
    this.#drop(channel)
    this.#account()
    this.#leaveIfUnused()
  }

  /** The client cannot have heard of this new session. */
  abandon({ session, isNew }: Channel): void {
    if (isNew) this.#stream?.submit({ kind: 'stop', requestId: NOBODY, session })
  }

  deliver(events: readonly Event[]): void {
    for (const event of events) this.#tell(event)
    this.#account()
    this.#leaveIfUnused()
    this.#owner.flush()
  }

  overloaded(requestId: bigint): void {
    if (requestId === NOBODY) return
    const id = Number(requestId)
    const channel = this.#owner.channelOf(id)
    if (channel === undefined) this.#owner.say({ kind: 'answer', id, reply: OVERLOADED })
    else this.#end(channel, 'OVERLOADED', OVERLOADED_TEXT)
  }

  ended(): void {
    this.fail('UNAVAILABLE', UNAVAILABLE_TEXT)
  }

  #tell(event: Event): void {
    if (event.kind === 'semaphore-shown') return sayShown(event, this.#say)
    if (!('requestId' in event)) return this.#happened(event)
    if (event.kind === 'attached') return this.#opened(event)
    if (event.kind === 'stopped') return this.#endSession(event.session, 'STOPPED', '')
    if (event.requestId === NOBODY) return
    const id = Number(event.requestId)
    // What names a channel was its attach or its stop.
    const channel = event.kind === 'refused' ? this.#owner.channelOf(id) : undefined
    if (event.kind === 'refused' && channel !== undefined) {
      return this.#end(channel, event.code, event.message)
    }
    const reply = replyOf(event)
    if (reply !== null) this.#owner.say({ kind: 'answer', id, reply })
  }

  readonly #say = (message: ServerMessage): void => this.#owner.say(message)

  /** What a session hears without having asked. */
  #happened(event: Exclude<Event, { requestId: bigint } | SemaphoreShown>): void {
    const { session } = event
    if (event.kind === 'ended') {
      const { code, message } = END_OF[event.reason]
      return this.#endSession(session, code, message)
    }
    const channel = this.#sessions.get(session)?.id
    if (channel === undefined) return
    const notice: Notice =
      event.kind === 'revoked'
        ? { kind: 'revoked', name: event.name, orderId: event.orderId }
        : { kind: 'lease-ended', lease: event.lease }
    this.#owner.say({ kind: 'notice', channel, notice })
  }

  #opened(event: Extract<Event, { kind: 'attached' }>): void {
    const { session, timeoutMs } = event
    const channel = this.#attaching.get(Number(event.requestId))
    if (channel === undefined) return
    this.#attaching.delete(channel.id)
    channel.session = session
    channel.phase = 'open'
    this.#sessions.set(session, channel)
    if (channel.wish !== 'leave') {
      this.#owner.say({ kind: 'attached', channel: channel.id, sessionId: session, timeoutMs })
      this.#owner.opened(channel, timeoutMs)
    }
    this.#submitHeld(channel)
    if (channel.wish === 'leave') this.#part(channel)
    else if (channel.wish === 'stop') this.stop(channel)
  }

  #submitHeld(channel: Channel): void {
    const { held } = channel
    if (held === null) return
    channel.held = null
    this.#held -= held.length
    for (const asked of held) this.#submit(channel, asked)
  }

  #submit({ session }: Channel, asked: SessionAsk | ForgetRequest): void {
    if (asked.kind === 'ask') {
      this.#stream?.submit(commandOf(asked.operation, session, BigInt(asked.id)))
    } else {
      const target = BigInt(asked.target)
      this.#stream?.submit({ kind: 'forget', requestId: NOBODY, session, target })
    }
  }

  /** Its client has gone before it was told: nobody will come back for a new session. */
  #part(channel: Channel): void {
    this.abandon(channel)
    this.#stream?.detach(channel.session)
    this.#drop(channel)
  }

  #endSession(session: SessionId, code: CodeName | 'STOPPED', message: string): void {
    const channel = this.#sessions.get(session)
    if (channel !== undefined) this.#end(channel, code, message)
  }

  #end(channel: Channel, code: CodeName | 'STOPPED', message: string): void {
    this.#drop(channel)
    if (channel.wish === 'leave') return
    this.#owner.say({ kind: 'ended', channel: channel.id, code, message })
  }

  #drop(channel: Channel): void {
    this.#held -= channel.held?.length ?? 0
    channel.held = null
    this.#attaching.delete(channel.id)
    if (this.#sessions.get(channel.session) === channel) this.#sessions.delete(channel.session)
    this.#owner.closed(channel)
  }

  #account(): void {
    const underWay = this.#stream?.unsettled ?? this.#early.length
    const unsettled = this.#isOver ? 0 : underWay + this.#held
    this.#owner.counted(unsettled - this.#counted)
    this.#counted = unsettled
  }

  #leaveIfUnused(): void {
    if (this.#isOver || this.#attaching.size > 0 || this.#sessions.size > 0) return
    this.close()
    this.#account()
    this.#owner.left(this)
  }
}

const END_OF = {
  taken: { code: 'BAD_SESSION', message: 'another connection has taken the session' },
  dropped: { code: 'UNAVAILABLE', message: 'the coordination node was dropped' },
  expired: { code: 'SESSION_EXPIRED', message: 'an operator ended the session' },
} as const
