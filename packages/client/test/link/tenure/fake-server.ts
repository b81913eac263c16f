/**
 * A server of tenure.v1 that says what the test wants, when it wants, on a network without bytes: silence, stalls and lost answers at a
 * given millisecond cannot be had from a real one.
 */
import {
  anyPack,
  CAPABILITY,
  type ClientMessage,
  CONNECT_PATH,
  create,
  decodeClientFrame,
  LOGIN,
  LoginResultSchema,
  type Reply,
  type ServerMessage,
  STATUS,
  toBinary,
  WireWriter,
  writeServerMessage,
} from '@tenure/protocol'
import type {
  CallError,
  CallHeaders,
  Channel,
  MessageStream,
  MessageStreamListener,
  PendingCall,
  UnaryRequest,
} from '../../../src/link/grpc/channel.ts'
import type {
  Answer,
  AttachmentEnd,
  AttachmentListener,
  AttachRequest,
  Started,
} from '../../../src/link/link.ts'

class FakeCallError extends Error implements CallError {
  readonly code: number
  readonly details: string

  constructor(code: number, details: string) {
    super(details)
    this.code = code
    this.details = details
  }
}

/** The server's end of one stream. */
export class FakeStream implements MessageStream {
  readonly host: string
  readonly path: string
  readonly headers: CallHeaders
  readonly #listener: MessageStreamListener
  readonly frames: Uint8Array[] = []
  isCancelled = false

  constructor(
    where: { host: string; path: string; headers: CallHeaders },
    listener: MessageStreamListener,
  ) {
    this.host = where.host
    this.path = where.path
    this.headers = where.headers
    this.#listener = listener
  }

  write(bytes: Uint8Array): void {
    this.frames.push(bytes)
  }

  cancel(): void {
    this.isCancelled = true
  }

  /** All that the client has said. */
  get heard(): ClientMessage[] {
    return this.frames.flatMap((frame) => decodeClientFrame(frame))
  }

  of<K extends ClientMessage['kind']>(kind: K): Extract<ClientMessage, { kind: K }>[] {
    return this.heard.filter(
      (message): message is Extract<ClientMessage, { kind: K }> => message.kind === kind,
    )
  }

  say(...messages: ServerMessage[]): void {
    const writer = new WireWriter()
    for (const message of messages) writeServerMessage(writer, message)
    this.sayBytes(writer.take())
  }

  sayBytes(bytes: Uint8Array): void {
    this.#listener.message(bytes)
  }

  greet(capabilities: readonly string[] = [CAPABILITY.records, CAPABILITY.log], server = ''): void {
    this.say({ kind: 'hello', version: 1, capabilities, agent: 'fake', server })
  }

  answer(id: number, reply: Reply): void {
    this.say({ kind: 'answer', id, reply })
  }

  end(): void {
    this.#listener.ended()
  }

  fail(code: number, details = 'says the test'): void {
    this.#listener.failed(new FakeCallError(code, details))
  }
}

export interface FakeCall {
  readonly request: UnaryRequest
  readonly settle: (error: CallError | null, response: Uint8Array | undefined) => void
}

export class FakeServer {
  readonly streams: FakeStream[] = []
  readonly calls: FakeCall[] = []
  /** Channels that are open. */
  channels = 0

  readonly dial = (host: string): Channel => {
    this.channels += 1
    return {
      stream: (path, headers, listener) => {
        const stream = new FakeStream({ host, path, headers }, listener)
        this.streams.push(stream)
        return stream
      },
      call: (request, settle): PendingCall => {
        this.calls.push({ request, settle })
        return { cancel: () => {} }
      },
      close: () => {
        this.channels -= 1
      },
    }
  }

  /** Answers the login that waits. */
  logIn(token: string): void {
    const result = anyPack(LoginResultSchema, create(LoginResultSchema, { token }))
    const operation = { ready: true, status: STATUS.SUCCESS as number, result }
    const answer = toBinary(LOGIN.output, create(LOGIN.output, { operation }))
    for (const call of this.calls.splice(0)) call.settle(null, answer)
  }

  /** The latest stream of the own protocol. */
  get last(): FakeStream {
    const stream = this.streams.findLast(({ path }) => path === CONNECT_PATH)
    if (stream === undefined) throw new Error('no stream was opened')
    return stream
  }
}

/** What an attachment has told its session. */
export class Told implements AttachmentListener {
  readonly starts: Started[] = []
  readonly contacts: number[] = []
  readonly notices: unknown[] = []
  readonly keptUntil: [untilMs: number, spanMs: number][] = []
  readonly ends: AttachmentEnd[] = []

  started(started: Started): void {
    this.starts.push(started)
  }

  contact(sentAtMs: number): void {
    this.contacts.push(sentAtMs)
  }

  noticed(notice: unknown): void {
    this.notices.push(notice)
  }

  kept(untilMs: number, spanMs: number): void {
    this.keptUntil.push([untilMs, spanMs])
  }

  ended(end: AttachmentEnd): void {
    this.ends.push(end)
  }
}

export function attachRequest(options: Partial<AttachRequest> = {}): AttachRequest {
  return {
    path: 'a',
    sessionId: 0n,
    timeoutMs: 10_000,
    description: '',
    sequenceNumber: 1n,
    protectionKey: new Uint8Array(16).fill(7),
    heartbeatMs: 2_500,
    ...options,
  }
}

/** Collects the answers that a request gets. */
export function answers(): { readonly got: Answer[]; readonly take: (answer: Answer) => void } {
  const got: Answer[] = []
  return { got, take: (answer) => void got.push(answer) }
}

/** What is said in this turn has left when this settles. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
