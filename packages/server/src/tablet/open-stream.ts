/** One stream as its tablet sees it. */
import type { SessionId, StreamId } from '@tenure/kernel'
import type { Outbox } from './batch.ts'
import type { StreamCommand, StreamSink, TabletStream } from './stream.ts'

/** What a stream can do to its tablet. */
export interface StreamOwner {
  take(stream: OpenStream, command: StreamCommand): void
  detach(stream: OpenStream, session: SessionId): void
  leave(stream: OpenStream): void
}

export class OpenStream implements TabletStream {
  readonly id: StreamId
  readonly sink: StreamSink
  readonly #owner: StreamOwner
  /** Of the latest batch that holds anything for this stream. */
  outbox: Outbox | null = null
  /** Commands taken and not answered yet. */
  waitingCommands = 0
  /** The sessions on this stream, and whether the client can know of them: false from a session's birth until it was told. */
  readonly sessions: Map<SessionId, boolean> = new Map()
  /** The client or the tablet has left: nothing passes any more. */
  over = false

  constructor(id: StreamId, sink: StreamSink, owner: StreamOwner) {
    this.id = id
    this.sink = sink
    this.#owner = owner
  }

  get unsettled(): number {
    return this.waitingCommands
  }

  submit(command: StreamCommand): void {
    if (!this.over) this.#owner.take(this, command)
  }

  detach(session: SessionId): void {
    if (!this.over) this.#owner.detach(this, session)
  }

  close(): void {
    if (this.over) return
    this.over = true
    this.#owner.leave(this)
  }
}
