/** One connection of Tenure's own protocol at its server: what the gRPC face would do with its frames. */
import {
  type ClientMessage,
  decodeClientFrame,
  type ServerMessage,
  WireWriter,
  writeServerMessage,
} from '@tenure/protocol'
import {
  type CallInfo,
  type ConnectionError,
  ConnectionStream,
  type ConnectionTransport,
} from '@tenure/server'
import { CallIntake } from './call-intake.ts'
import { ChannelReports } from './channel-reports.ts'
import type { CallWay, FaceOptions } from './face-options.ts'
import { GRPC_CODE } from './frame.ts'

export class ConnectionCall implements ConnectionTransport {
  readonly #options: FaceOptions
  readonly #way: CallWay
  readonly #reports: ChannelReports
  readonly #connection: ConnectionStream
  readonly #intake: CallIntake
  #heardMs: number
  /** What the client has declared last; Infinity before that. */
  #periodMs = Infinity
  #isOver = false

  constructor(options: FaceOptions, info: CallInfo, way: CallWay) {
    this.#options = options
    this.#way = way
    this.#heardMs = options.nowMs()
    this.#reports = new ChannelReports(options.observer, options.nowMs)
    const connection = new ConnectionStream(options.context, info, this)
    this.#connection = connection
    this.#intake = new CallIntake({
      ready: () => connection.ready && !this.#isOver,
      take: (bytes) => this.#take(decodeClientFrame(bytes)),
    })
  }

  receive(bytes: Uint8Array): void {
    this.#intake.push(bytes)
  }

  leave(): void {
    if (this.#isOver) return
    this.#over()
    this.#connection.left()
  }

  send(messages: readonly ServerMessage[]): boolean {
    const { end, call } = this.#way
    if (this.#isOver || !end.isOpen) return false
    const writer = new WireWriter()
    for (const message of messages) {
      this.#reports.said(message)
      writeServerMessage(writer, message)
    }
    end.send({ kind: 'message', call, bytes: writer.take() })
    return true
  }

  fail(error: ConnectionError, message: string): void {
    const { end, call } = this.#way
    if (error === 'DEADLINE_EXCEEDED') {
      const silentMs = this.#options.nowMs() - this.#heardMs
      const { streams } = this.#reports
      this.#options.observer.gaveUp({ silentMs, periodMs: this.#periodMs, streams })
    }
    if (!this.#isOver) end.send({ kind: 'failed', call, code: GRPC_CODE[error], details: message })
    this.#over()
  }

  resume(): void {
    this.#intake.pump()
  }

  #take(messages: readonly ClientMessage[]): void {
    if (messages.length > 1) this.#options.marks.reached('a frame of several messages')
    this.#heardMs = this.#options.nowMs()
    for (const message of messages) this.#hear(message)
    this.#connection.receiveFrame(messages)
  }

  #hear(message: ClientMessage): void {
    if (message.kind === 'ping') this.#periodMs = message.periodMs
    this.#reports.asked(message)
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#reports.left()
    this.#way.forget()
  }
}
