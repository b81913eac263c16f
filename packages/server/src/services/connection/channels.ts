/** The sessions of one connection, and its ways to their nodes. */
import type {
  AttachSession,
  CodeName,
  ForgetRequest,
  LeaveSession,
  ServerMessage,
  SessionAsk,
  StopSession,
} from '@tenure/protocol'
import { reasonOf } from '../../log.ts'
import type { CallInfo, ServiceContext } from '../call.ts'
import { CONNECTION_CHANNELS_MAX } from '../limits.ts'
import { canonicalPath } from '../paths.ts'
import { UNAUTHORIZED_TEXT, UNAVAILABLE_TEXT } from '../status.ts'
import type { Channel } from './channel.ts'
import { NodeWay, type WayOwner } from './node-way.ts'
import { hasWrongNumber } from './operation-command.ts'
import { refusal } from './translation.ts'

/** The connection, as its sessions see it. */
export interface ChannelsOwner {
  /** The message leaves at the next `flush`, behind those before it. */
  say(message: ServerMessage): void
  flush(): void
  /** Whether the client goes where it is sent. */
  readonly followsSigns: boolean
  /** The beginning of a session has been said. */
  opened(channel: Channel, timeoutMs: bigint): void
}

export class Channels implements WayOwner {
  readonly #context: ServiceContext
  readonly #call: CallInfo
  readonly #owner: ChannelsOwner
  readonly #byId = new Map<number, Channel>()
  /** By path, the way that takes new sessions. */
  readonly #ways = new Map<string, NodeWay>()
  readonly #allWays = new Set<NodeWay>()
  #unsettled = 0

  constructor(context: ServiceContext, call: CallInfo, owner: ChannelsOwner) {
    this.#context = context
    this.#call = call
    this.#owner = owner
  }

  /** Requests that have neither been answered nor begun to wait in their nodes. */
  get unsettled(): number {
    return this.#unsettled
  }

  /** The connection is over: all sessions are detached. */
  close(): void {
    for (const way of this.#allWays) way.close()
    this.#allWays.clear()
    this.#ways.clear()
    this.#byId.clear()
  }

  /** @param asked with an id that no channel has */
  attach(asked: AttachSession): void {
    const { id, path, sessionId: session } = asked
    const { accounts, database } = this.#context
    if (this.#byId.size >= CONNECTION_CHANNELS_MAX) {
      const message = `the connection has ${CONNECTION_CHANNELS_MAX} sessions`
      return this.#refuseAttach(id, 'OVERLOADED', message)
    }
    const canonical = canonicalPath(path, database, this.#call.database)
    if (canonical.kind === 'malformed') {
      return this.#refuseAttach(id, 'INVALID_ARGUMENT', canonical.message)
    }
    if (canonical.kind !== 'path') return this.#refuseAttach(id, 'NOT_FOUND', canonical.message)
    if (accounts.userOf(this.#call.ticket) === null) {
      return this.#refuseAttach(id, 'UNAUTHORIZED', UNAUTHORIZED_TEXT)
    }
    if (this.#sends(asked, canonical.path)) return
    const way = this.#wayFor(canonical.path, session)
    const isNew = session === 0n
    const channel: Channel = {
      id,
      way,
      session,
      isNew,
      phase: 'attaching',
      held: null,
      wish: 'none',
    }
    this.#byId.set(id, channel)
    way.attach(channel, asked)
  }

  ask(asked: SessionAsk): void {
    const { channel: number, id, operation } = asked
    const channel = this.#byId.get(number)
    if (channel === undefined || !takesRequests(channel)) {
      this.refuse(id, 'BAD_SESSION', `there is no open session on channel ${number}`)
    } else if (hasWrongNumber(operation)) {
      this.refuse(id, 'INVALID_ARGUMENT', 'changes are numbered from 1')
    } else {
      channel.way.ask(channel, asked)
    }
  }

  /** What is said of a channel without being answered as such. A channel that is no more is passed over. */
  tell(message: StopSession | LeaveSession | ForgetRequest): void {
    const channel = this.#byId.get(message.channel)
    if (channel === undefined) return
    if (message.kind === 'leave') channel.way.leave(channel)
    else if (!takesRequests(channel)) return
    else if (message.kind === 'stop') channel.way.stop(channel)
    else channel.way.ask(channel, message)
  }

  refuse(id: number, code: CodeName, message: string): void {
    this.say({ kind: 'answer', id, reply: refusal(code, message) })
  }

  channelOf(id: number): Channel | undefined {
    return this.#byId.get(id)
  }

  say(message: ServerMessage): void {
    this.#owner.say(message)
  }

  flush(): void {
    this.#owner.flush()
  }

  counted(change: number): void {
    this.#unsettled += change
  }

  opened(channel: Channel, timeoutMs: bigint): void {
    this.#owner.opened(channel, timeoutMs)
  }

  closed(channel: Channel): void {
    this.#byId.delete(channel.id)
  }

  left(way: NodeWay): void {
    this.#allWays.delete(way)
    if (this.#ways.get(way.path) === way) this.#ways.delete(way.path)
  }

  /**
   * The way for one more session. A session that is taken over from another channel of this connection comes on a way of its
   * own: then the node tells the two apart, as it does with those of two connections.
   */
  #wayFor(path: string, session: bigint): NodeWay {
    const present = this.#ways.get(path)
    if (present !== undefined && !present.has(session)) return present
    const way = new NodeWay(path, this)
    this.#ways.set(path, way)
    this.#allWays.add(way)
    void this.#find(way)
    return way
  }

  async #find(way: NodeWay): Promise<void> {
    const { path } = way
    try {
      const node = await this.#context.host.node(path, { create: false })
      if (typeof node !== 'string') way.begin(node)
      else way.fail('NOT_FOUND', `there is no coordination node ${path}`)
    } catch (error) {
      this.#context.log.warn('a node could not be reached', { path, reason: reasonOf(error) })
      way.fail('UNAVAILABLE', UNAVAILABLE_TEXT)
    }
  }

  /** Whether the client was told to go to another server. */
  #sends({ id, unreached }: AttachSession, path: string): boolean {
    if (!this.#owner.followsSigns) return false
    const { neighbours } = this.#context
    const place = neighbours.placeOf(path)
    if (place === null) return false
    if (unreached === place.server) {
      neighbours.unreached(place)
      return false
    }
    neighbours.sent()
    this.say({ kind: 'elsewhere', channel: id, ...place })
    return true
  }

  #refuseAttach(channel: number, code: CodeName, message: string): void {
    this.say({ kind: 'ended', channel, code, message })
  }
}

/** Neither stopped nor left. */
function takesRequests({ phase, wish }: Channel): boolean {
  return phase !== 'stopping' && wish === 'none'
}
