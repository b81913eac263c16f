/**
 * What one commit makes durable, and what is said once it is.
 */
import { bytesOfEntry, bytesOfWrite } from '@tenure/engine'
import type {
  Entry,
  Event,
  Reading,
  RecordView,
  SessionId,
  Step,
  ThemeConfig,
  Write,
} from '@tenure/kernel'
import { bytesOfEvent } from './event-bytes.ts'
import type { OpenStream } from './open-stream.ts'
import { ReadRanges } from './read-ranges.ts'

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
  /** About what the descriptions and records take that wait here. */
  eventBytes = 0
  /** Records in the events whose values have to be read before the commit. */
  readonly cold: RecordView[] = []
  /** What has to be read after the commit, before anything of this batch is said. */
  readonly readings: Reading[] = []
  readonly #readRanges = new ReadRanges()
  /** Most bytes that these may bring, but for one entry of each. */
  readingBytes = 0
  /** The node's themes as of this batch; null when they are as before. */
  themes: readonly ThemeConfig[] | null = null
  /** Some of it is stored: all, unless it is more than one commit. */
  isBegun = false
  /** The kernel's commit number as of the last step; 0 without any. */
  commitNumber = 0n
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

  /** Whether a reading would find what these later writes have made of it, and not what the kernel saw when it asked. */
  reads(writes: readonly Write[]): boolean {
    return this.readings.length > 0 && writes.some((write) => this.#readRanges.isTouchedBy(write))
  }

  write(step: Step, bytes: number): void {
    for (const write of step.writes) this.writes.push(write)
    for (const view of step.cold) this.cold.push(view)
    for (const reading of step.readings) {
      this.readings.push(reading)
      this.#readRanges.add(reading.range)
      this.readingBytes += reading.bytesMax
    }
    this.writeBytes += bytes
    this.eventBytes += step.coldBytes
  }

  /** @returns about how many bytes of memory the event holds beyond the state it tells of */
  say(stream: OpenStream, event: Event): number {
    const outbox = this.outboxOf(stream)
    outbox.events.push(event)
    if (event.kind === 'ended' && !outbox.isLosing) {
      outbox.isLosing = true
      this.losers.push(outbox)
    }
    const bytes = bytesOfEvent(event)
    this.eventBytes += bytes
    return bytes
  }
}

export function bytesOfEntries(entries: readonly Entry[]): number {
  let bytes = 0
  for (const entry of entries) bytes += bytesOfEntry(entry)
  return bytes
}

export function bytesOf(writes: readonly Write[]): number {
  let bytes = 0
  for (const write of writes) bytes += bytesOfWrite(write)
  return bytes
}
