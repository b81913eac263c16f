/**
 * One connection to one host, as the link sees it: bytes of messages there and back. gRPC carries them; a simulation brings a
 * network of its own.
 */

/** What goes with a call beside its messages. */
export type CallHeaders = Readonly<Record<string, string>>

/** How a call failed, in gRPC's terms. */
export interface CallError extends Error {
  /** gRPC's status number. */
  readonly code: number
  readonly details: string
}

export interface MessageStreamListener {
  message(bytes: Uint8Array): void
  /** The server has said its last, in good order. */
  ended(): void
  failed(error: CallError): void
}

export interface MessageStream {
  write(bytes: Uint8Array): void
  /** Leaves at once. The listener may be called once more. */
  cancel(): void
}

export interface UnaryRequest {
  readonly path: string
  readonly headers: CallHeaders
  readonly bytes: Uint8Array
  /** After this the call has failed. */
  readonly timeoutMs: number
}

export interface PendingCall {
  /** The call settles with an error soon. */
  cancel(): void
}

export interface Channel {
  /** Connects when need be. Nothing comes to the listener before `stream` has returned. */
  stream(path: string, headers: CallHeaders, listener: MessageStreamListener): MessageStream
  /** One message there, one back; `settle` is called once. */
  call(
    request: UnaryRequest,
    settle: (error: CallError | null, response: Uint8Array | undefined) => void,
  ): PendingCall
  close(): void
}

/** Makes a channel to a host, `host:port`; nothing is connected before it is needed. */
export type Dial = (host: string) => Channel
