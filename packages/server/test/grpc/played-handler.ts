/** A handler of tasks that knows nothing of Tenure: grpc-js and the generated code. */
import { Server, ServerCredentials } from '@grpc/grpc-js'
import type { ServerDuplexStream } from '@grpc/grpc-js'
import type { MessageInitShape } from '@tenure/protocol'
import { create, fromBinary, HANDLE_PATH, toBinary } from '@tenure/protocol'
import type { DialerMessage, HandlerMessage } from '@tenure/protocol/tenure-v1'
import { DialerMessageSchema, HandlerMessageSchema } from '@tenure/protocol/tenure-v1'

type Call = ServerDuplexStream<DialerMessage, Bytes>
type Bytes = Uint8Array
type Operation = NonNullable<MessageInitShape<typeof HandlerMessageSchema>['operation']>

/** One call, as the handler sees it. */
export class PlayedCall {
  readonly call: Call
  readonly #heard: DialerMessage[] = []
  readonly #waiters = new Set<() => void>()
  #number = 0n
  isHalfClosed = false
  isCancelled = false

  constructor(call: Call) {
    this.call = call
    call.on('data', (message: DialerMessage) => {
      this.#heard.push(message)
      this.#changed()
    })
    call.on('end', () => {
      this.isHalfClosed = true
      this.#changed()
    })
    call.on('cancelled', () => {
      this.isCancelled = true
      this.#changed()
    })
    call.on('error', () => {})
  }

  say(operation: Operation): void {
    this.#number += 1n
    const message = create(HandlerMessageSchema, { number: this.#number, operation })
    this.call.write(toBinary(HandlerMessageSchema, message))
  }

  /** All records, once they are there. */
  async records(): Promise<string[]> {
    const pages = (): DialerMessage['message'][] => this.#heard.map(({ message }) => message)
    await this.until(() => pages().some((page) => page.case === 'handOut' && !page.value.more))
    return pages().flatMap((page) =>
      page.case === 'handOut'
        ? page.value.records.map((record) => Buffer.from(record).toString())
        : [],
    )
  }

  get pages(): number {
    return this.#heard.filter(({ message }) => message.case === 'handOut').length
  }

  /** The outcomes so far: number and code. */
  get outcomes(): string[] {
    return this.#heard.flatMap(({ message }) =>
      message.case === 'outcome' ? [`${message.value.number} ${message.value.code ?? 'done'}`] : [],
    )
  }

  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isSo()) return
        this.#waiters.delete(look)
        resolve()
      }
      this.#waiters.add(look)
      look()
    })
  }

  #changed(): void {
    for (const waiter of this.#waiters) waiter()
  }
}

export class PlayedHandler {
  readonly #server = new Server({ 'grpc.max_receive_message_length': 4 * 1024 * 1024 })
  readonly #take: (call: PlayedCall) => void
  port = 0

  /** @param take what the handler does with each call */
  constructor(take: (call: PlayedCall) => void) {
    this.#take = take
  }

  async listen(port = 0): Promise<this> {
    this.#server.addService(
      {
        handle: {
          path: HANDLE_PATH,
          requestStream: true,
          responseStream: true,
          requestSerialize: (message: DialerMessage) =>
            Buffer.from(toBinary(DialerMessageSchema, message)),
          requestDeserialize: (bytes: Buffer) => fromBinary(DialerMessageSchema, bytes),
          responseSerialize: (bytes: Bytes) => Buffer.from(bytes),
          responseDeserialize: (bytes: Buffer): HandlerMessage =>
            fromBinary(HandlerMessageSchema, bytes),
        },
      },
      { handle: (call: Call) => this.#take(new PlayedCall(call)) },
    )
    const credentials = ServerCredentials.createInsecure()
    this.port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) => {
        if (error === null) resolve(bound)
        else reject(error)
      })
    })
    return this
  }

  get address(): string {
    return `grpc://127.0.0.1:${this.port}`
  }

  /** As if its process had died. */
  kill(): void {
    this.#server.forceShutdown()
  }
}
