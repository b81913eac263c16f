/** The client's side of a connection: the channel that the product's link would get from gRPC. */
import type {
  CallError,
  CallHeaders,
  Channel,
  MessageStream,
  MessageStreamListener,
  PendingCall,
  UnaryRequest,
} from '@tenure/client'
import {
  CONNECT_PATH,
  decodeClientFrame,
  decodeSessionRequest,
  type SessionOperation,
  type SessionRequest,
} from '@tenure/protocol'
import type { Process } from '../machine/process.ts'
import type { End, Party } from './connection.ts'
import { type Frame, GRPC_CODE } from './frame.ts'
import type { Network } from './network.ts'

/** As gRPC's client is set: a connection that answers nothing for so long is given up. */
const KEEP_ALIVE_MS = 10_000
const KEEP_ALIVE_ANSWER_MS = 5_000

interface OpenCall {
  message(bytes: Uint8Array): void
  ended(): void
  failed(error: CallError): void
}

class SimulatedCallError extends Error implements CallError {
  readonly code: number
  readonly details: string

  constructor(code: number, details: string) {
    super(`${code} ${details}`)
    this.code = code
    this.details = details
  }
}

export interface ChannelOptions {
  readonly network: Network
  readonly process: Process
  readonly host: string
  /** Hears what the client asks in its sessions. */
  sent(request: SessionRequest | SessionOperation): void
}

export class SimulatedChannel implements Channel {
  readonly #options: ChannelOptions
  #line: Line | null = null

  constructor(options: ChannelOptions) {
    this.#options = options
  }

  stream(path: string, headers: CallHeaders, listener: MessageStreamListener): MessageStream {
    const line = this.#open()
    const call = line.begin({ path, headers, bytes: null }, listener)
    return {
      write: (bytes) => {
        this.#sent(path, bytes)
        line.write(call, bytes)
      },
      cancel: () => line.cancel(call),
    }
  }

  call(
    { path, headers, bytes, timeoutMs }: UnaryRequest,
    settle: (error: CallError | null, response: Uint8Array | undefined) => void,
  ): PendingCall {
    const line = this.#open()
    let response: Uint8Array | undefined
    const timer = this.#options.process.after(timeoutMs, () => {
      line.fail(call, GRPC_CODE.DEADLINE_EXCEEDED, 'Deadline exceeded')
    })
    const call = line.begin(
      { path, headers, bytes },
      {
        message(message) {
          response = message
        },
        ended() {
          timer.cancel()
          settle(null, response)
        },
        failed(error) {
          timer.cancel()
          settle(error, undefined)
        },
      },
    )
    return { cancel: () => line.cancel(call) }
  }

  close(): void {
    this.#line?.close()
  }

  #sent(path: string, bytes: Uint8Array): void {
    if (path !== CONNECT_PATH) return this.#options.sent(decodeSessionRequest(bytes))
    for (const message of decodeClientFrame(bytes)) {
      if (message.kind === 'ask') this.#options.sent(message.operation)
    }
  }

  #open(): Line {
    if (this.#line === null || this.#line.isClosed) {
      const { network, process, host } = this.#options
      this.#line = new Line(process, network.connect(process, host))
    }
    return this.#line
  }
}

/** One connection and its calls. */
class Line implements Party {
  readonly #process: Process
  readonly #end: End
  readonly #calls = new Map<number, OpenCall>()
  #lastCall = 0
  #heardAtMs: number
  #isClosed = false

  constructor(process: Process, end: End) {
    this.#process = process
    this.#end = end
    this.#heardAtMs = process.monotonicMs()
    end.party = this
    this.#keepAlive()
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  begin(
    open: {
      readonly path: string
      readonly headers: CallHeaders
      readonly bytes: Uint8Array | null
    },
    call: OpenCall,
  ): number {
    this.#lastCall += 1
    this.#calls.set(this.#lastCall, call)
    this.#end.send({ kind: 'open', call: this.#lastCall, ...open })
    return this.#lastCall
  }

  write(call: number, bytes: Uint8Array): void {
    if (this.#calls.has(call)) this.#end.send({ kind: 'message', call, bytes })
  }

  cancel(call: number): void {
    if (!this.#calls.has(call)) return
    this.#end.send({ kind: 'cancel', call })
    // gRPC tells of it later, as of any other failure.
    this.#process.afterInput(() => this.fail(call, GRPC_CODE.CANCELLED, 'Cancelled on client'))
  }

  fail(call: number, code: number, details: string): void {
    const open = this.#calls.get(call)
    this.#calls.delete(call)
    open?.failed(new SimulatedCallError(code, details))
  }

  close(): void {
    this.#isClosed = true
    this.#end.close()
  }

  receive(frame: Frame): void {
    this.#heardAtMs = this.#process.monotonicMs()
    if (frame.kind === 'message') this.#calls.get(frame.call)?.message(frame.bytes)
    else if (frame.kind === 'end') {
      const open = this.#calls.get(frame.call)
      this.#calls.delete(frame.call)
      open?.ended()
    } else if (frame.kind === 'failed') this.fail(frame.call, frame.code, frame.details)
  }

  closed(): void {
    this.#isClosed = true
    for (const call of Array.from(this.#calls.keys())) {
      this.fail(call, GRPC_CODE.UNAVAILABLE, 'Connection dropped')
    }
  }

  #keepAlive(): void {
    this.#process.after(KEEP_ALIVE_MS, () => {
      if (this.#isClosed) return
      const askedAtMs = this.#process.monotonicMs()
      this.#end.send({ kind: 'keep-alive' })
      this.#process.after(KEEP_ALIVE_ANSWER_MS, () => {
        if (this.#isClosed) return
        if (this.#heardAtMs < askedAtMs) {
          this.close()
          this.closed()
        } else this.#keepAlive()
      })
    })
  }
}
