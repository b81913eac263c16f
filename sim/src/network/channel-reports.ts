/**
 * What passes a connection of Tenure's own protocol, told session by session: each channel as if it were a stream of its own, with the
 * messages that YDB's protocol has for the same. So whoever judges what is said of sessions and semaphores judges both protocols.
 */
import {
  type ClientMessage,
  type CodeName,
  type Reply,
  type SemaphoreOperation,
  type ServerMessage,
  type SessionAsk,
  type SessionEnded,
  type SessionOperation,
  type SessionResponse,
  STATUS,
  type TaskOperation,
  type WatchShown,
} from '@tenure/protocol'
import { ChannelStream, type FaceObserver, type RecordAsk, type TaskAsk } from './face-observer.ts'

interface SemaphoreAsk {
  readonly stream: ChannelStream
  readonly operation: SemaphoreOperation
}

interface OpenRecordAsk extends RecordAsk {
  readonly stream: ChannelStream
}

interface OpenTaskAsk extends TaskAsk {
  readonly stream: ChannelStream
  /** Hand-outs come after its answer. */
  isHandling: boolean
}

const STATUS_OF: Readonly<Record<CodeName, number>> = {
  INVALID_ARGUMENT: STATUS.BAD_REQUEST,
  NOT_FOUND: STATUS.NOT_FOUND,
  ALREADY_EXISTS: STATUS.ALREADY_EXISTS,
  PRECONDITION_FAILED: STATUS.PRECONDITION_FAILED,
  ABORTED: STATUS.ABORTED,
  SESSION_EXPIRED: STATUS.SESSION_EXPIRED,
  BAD_SESSION: STATUS.BAD_SESSION,
  LIMIT_MISMATCH: STATUS.PRECONDITION_FAILED,
  WRONG_VERSION: STATUS.PRECONDITION_FAILED,
  WRONG_LEASE: STATUS.PRECONDITION_FAILED,
  FENCED: STATUS.PRECONDITION_FAILED,
  UNKNOWN_THEME: STATUS.PRECONDITION_FAILED,
  TASK_CLOSED: STATUS.PRECONDITION_FAILED,
  STALE_ATTEMPT: STATUS.PRECONDITION_FAILED,
  TASK_TOO_LARGE: STATUS.PRECONDITION_FAILED,
  UNSUPPORTED: STATUS.UNSUPPORTED,
  UNAUTHORIZED: STATUS.UNAUTHORIZED,
  OVERLOADED: STATUS.OVERLOADED,
  UNAVAILABLE: STATUS.UNAVAILABLE,
  INTERNAL: STATUS.INTERNAL_ERROR,
}

const RESULT_OF = {
  acquire: 'acquire-result',
  release: 'release-result',
  describe: 'describe-result',
  create: 'create-result',
  update: 'update-result',
  delete: 'delete-result',
} as const

const TASK_KINDS: Readonly<Record<TaskOperation['kind'], true>> = {
  'open-task': true,
  'append-task': true,
  'replace-task': true,
  'delete-task': true,
  'store-task': true,
  'read-task': true,
  'handle-theme': true,
  'stop-handling': true,
  'take-task': true,
}

export class ChannelReports {
  readonly #observer: FaceObserver
  readonly #nowMs: () => number
  readonly #streams = new Map<number, ChannelStream>()
  readonly #semaphoreAsks = new Map<number, SemaphoreAsk>()
  readonly #recordAsks = new Map<number, OpenRecordAsk>()
  readonly #taskAsks = new Map<number, OpenTaskAsk>()

  constructor(observer: FaceObserver, nowMs: () => number) {
    this.#observer = observer
    this.#nowMs = nowMs
  }

  /** Those that are not over. */
  get streams(): readonly ChannelStream[] {
    return [...this.#streams.values()]
  }

  asked(message: ClientMessage): void {
    const { sessions, tasks } = this.#observer
    if (message.kind === 'attach') {
      const stream = new ChannelStream()
      this.#streams.set(message.id, stream)
      sessions.asked(stream, { ...message, kind: 'start' })
    } else if (message.kind === 'ping') {
      // A sign of life of the connection is one of each of its sessions.
      const ping = { kind: 'ping', opaque: BigInt(message.id) } as const
      for (const stream of this.#streams.values()) sessions.asked(stream, ping)
    } else if (message.kind === 'ask') this.#askedOf(message)
    else if (message.kind === 'ask-node') tasks.questioned(message.question)
    else if (message.kind === 'stop') {
      const stream = this.#streams.get(message.channel)
      if (stream !== undefined) sessions.asked(stream, { kind: 'stop' })
    } else if (message.kind === 'leave') this.#leave(message.channel)
    else if (message.kind === 'forget') this.#forget(message.target)
  }

  said(message: ServerMessage): void {
    if (message.kind === 'attached') {
      const { sessionId, timeoutMs } = message
      const started = { kind: 'started', sessionId, timeoutMs, numbersChanges: true } as const
      const stream = this.#streams.get(message.channel)
      if (stream !== undefined) stream.sessionId = sessionId
      this.#say(message.channel, started)
    } else if (message.kind === 'ended') this.#ended(message)
    else if (message.kind === 'answer') this.#answered(message.id, message.reply)
    else if (message.kind === 'shown') this.#shown(message)
    else if (message.kind === 'notice') {
      const stream = this.#streams.get(message.channel)
      if (stream !== undefined) this.#observer.records.noticed(stream, message.notice)
    }
  }

  /** The connection is over. */
  left(): void {
    for (const channel of Array.from(this.#streams.keys())) this.#leave(channel)
  }

  #askedOf({ channel, id, operation }: SessionAsk): void {
    const stream = this.#streams.get(channel)
    if (stream === undefined) return
    const atMs = this.#nowMs()
    if (isOfSemaphore(operation)) {
      this.#semaphoreAsks.set(id, { stream, operation })
      this.#observer.sessions.asked(stream, { ...operation, requestId: BigInt(id) })
    } else if (isOfTask(operation)) {
      const ask = { id, stream, operation, atMs, isHandling: false }
      this.#taskAsks.set(id, ask)
      this.#observer.tasks.asked(stream, ask)
    } else {
      const ask = { stream, operation, atMs }
      this.#recordAsks.set(id, ask)
      this.#observer.records.asked(stream, ask)
    }
  }

  #answered(id: number, reply: Reply): void {
    const record = this.#recordAsks.get(id)
    if (record !== undefined) {
      this.#recordAsks.delete(id)
      this.#observer.records.said(record.stream, record, reply)
      return
    }
    const task = this.#taskAsks.get(id)
    if (task !== undefined) {
      this.#answeredTask(task, reply)
      return
    }
    const ask = this.#semaphoreAsks.get(id)
    if (ask === undefined) return
    const isWatched = reply.kind === 'described' && reply.watchAdded
    if (reply.kind !== 'pending' && !isWatched) this.#semaphoreAsks.delete(id)
    const response = responseOf(ask.operation, BigInt(id), reply)
    if (response !== null) this.#observer.sessions.said(ask.stream, response)
  }

  /** As if each watch had been described anew. */
  #shown({ ids, description }: WatchShown): void {
    for (const id of ids) {
      this.#answered(id, { kind: 'described', description, watchAdded: true })
    }
  }

  #answeredTask(ask: OpenTaskAsk, reply: Reply): void {
    const { id, operation } = ask
    if (operation.kind === 'handle-theme' && reply.kind === 'done') ask.isHandling = true
    if (!ask.isHandling) this.#taskAsks.delete(id)
    // No hand-out comes after that: one that does is heard of, and judged.
    this.#observer.tasks.said(ask.stream, ask, reply)
  }

  #forget(id: number): void {
    this.#semaphoreAsks.delete(id)
    const ask = this.#recordAsks.get(id)
    if (ask === undefined) return
    this.#recordAsks.delete(id)
    this.#observer.records.forgot(ask)
  }

  #ended({ channel, code }: SessionEnded): void {
    const sessionId = this.#streams.get(channel)?.sessionId ?? 0n
    if (code === 'STOPPED') this.#say(channel, { kind: 'stopped', sessionId })
    else this.#say(channel, { kind: 'failure', status: STATUS_OF[code], issues: [] })
    this.#leave(channel)
  }

  #say(channel: number, response: SessionResponse): void {
    const stream = this.#streams.get(channel)
    if (stream !== undefined) this.#observer.sessions.said(stream, response)
  }

  #leave(channel: number): void {
    const stream = this.#streams.get(channel)
    if (stream === undefined) return
    this.#streams.delete(channel)
    for (const asks of [this.#semaphoreAsks, this.#recordAsks, this.#taskAsks]) {
      for (const [id, ask] of asks) if (ask.stream === stream) asks.delete(id)
    }
    this.#observer.sessions.left(stream)
    this.#observer.records.left(stream)
    this.#observer.tasks.left(stream)
  }
}

function isOfSemaphore(operation: SessionOperation): operation is SemaphoreOperation {
  return operation.kind in RESULT_OF
}

function isOfTask(operation: SessionOperation): operation is TaskOperation {
  return operation.kind in TASK_KINDS
}

function responseOf(
  { kind }: SemaphoreOperation,
  requestId: bigint,
  reply: Reply,
): SessionResponse | null {
  const result = { requestId, status: STATUS.SUCCESS, issues: [] }
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- no other reply is one of semaphores
  switch (reply.kind) {
    case 'refused':
      return refusedResponse(kind, requestId, STATUS_OF[reply.code])
    case 'acquired':
      return { ...result, kind: 'acquire-result', acquired: true, orderId: reply.token }
    case 'not-acquired':
      return { ...result, kind: 'acquire-result', acquired: false, orderId: null }
    case 'pending':
      return { kind: 'pending', requestId }
    case 'released':
      return { ...result, kind: 'release-result', released: reply.released }
    case 'described': {
      const { description, watchAdded } = reply
      return { ...result, kind: 'describe-result', description, watchAdded }
    }
    case 'changed':
      return { kind: 'changed', requestId, data: reply.data, owners: reply.owners }
    case 'done':
      return kind === 'create' || kind === 'update' || kind === 'delete'
        ? { ...result, kind: RESULT_OF[kind] }
        : null
    default:
      return null
  }
}

function refusedResponse(
  kind: SemaphoreOperation['kind'],
  requestId: bigint,
  status: number,
): SessionResponse {
  const result = { requestId, status, issues: [] }
  if (kind === 'acquire')
    return { ...result, kind: 'acquire-result', acquired: false, orderId: null }
  if (kind === 'release') return { ...result, kind: 'release-result', released: false }
  if (kind === 'describe') {
    return { ...result, kind: 'describe-result', description: null, watchAdded: false }
  }
  return { ...result, kind: RESULT_OF[kind] }
}
