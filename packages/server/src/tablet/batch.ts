/**
 * What one commit makes durable, and what is said once it is.
 */
import type { Event, SessionId, Step, Write } from '@tenure/kernel'
import type { OpenStream } from './open-stream.ts'

/** What one batch holds for one stream. */
export interface Outbox {
  readonly batch: Batch
  readonly stream: OpenStream
  readonly events: Event[]
  /** Commands of this stream in the batch. */
  commands: number
  /** Whether the stream loses a session to another one. */
  isLosing: boolean
}

/** About what one owner or waiter takes in a description. */
const HOLDER_BYTES = 128

export class Batch {
  readonly writes: Write[] = []
  readonly outboxes: Outbox[] = []
  /**
   * Of streams that lose a session, in the order of the losses: they hear of it before the stream that has taken it. A stream
   * may lose one session and take another; what it hears after its loss then stands apart, in an outbox of its own.
   */
  readonly losers: Outbox[] = []
  commands = 0
  /** Keys and values of the writes. */
  writeBytes = 0
  /** About what the descriptions take that wait here. */
  eventBytes = 0
  /** New sessions, which nobody knows of before the batch is delivered. */
  readonly births: { readonly stream: OpenStream; readonly session: SessionId }[] = []

  get bytes(): number {
    return this.writeBytes + this.eventBytes
  }

  outboxOf(stream: OpenStream): Outbox {
    const latest = stream.outbox
    if (latest?.batch === this && this.#isOpen(latest)) return latest
    const outbox = { batch: this, stream, events: [], commands: 0, isLosing: false }
    stream.outbox = outbox
    this.outboxes.push(outbox)
    return outbox
  }

  /** What is added to the last loss reaches nobody earlier than it should: no loss stands behind it. */
  #isOpen(outbox: Outbox): boolean {
    return !outbox.isLosing || this.losers.at(-1) === outbox
  }

  write(step: Step, bytes: number): void {
    for (const write of step.writes) this.writes.push(write)
    this.writeBytes += bytes
  }

  /** @returns about how many bytes of memory the event holds beyond the state it tells of */
  say(stream: OpenStream, event: Event): number {
    const outbox = this.outboxOf(stream)
    outbox.events.push(event)
    if (event.kind === 'ended' && !outbox.isLosing) {
      outbox.isLosing = true
      this.losers.push(outbox)
    }
    if (event.kind !== 'semaphore-described' || event.description === null) return 0
    const { owners, waiters } = event.description
    const bytes = (owners.length + waiters.length) * HOLDER_BYTES
    this.eventBytes += bytes
    return bytes
  }
}

export function bytesOf(writes: readonly Write[]): number {
  let bytes = 0
  for (const write of writes) bytes += bytesOfWrite(write)
  return bytes
}

export function bytesOfWrite(write: Write): number {
  if (write.kind === 'put') return write.key.length + write.value.length
  if (write.kind === 'delete') return write.key.length
  return write.start.length + write.end.length
}
