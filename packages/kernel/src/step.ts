/**
 * One step of a kernel: the moment, what is said and what is to be kept.
 */
import type { StreamId } from './asked.ts'
import type { Event, RefusalCode } from './event.ts'
import type { RecordView } from './records/event.ts'
import { invariant } from './invariant.ts'
import type { Reading } from './reading.ts'
import type { Write } from './write-set.ts'

/**
 * What one step says and what it wants kept.
 *
 * The writes of a step belong into one commit. Where they are more than one commit takes, they may go in pieces, in their
 * order and after the seal: each piece leaves rows that can be loaded. Nothing of the step is said before the last.
 */
export interface Step {
  readonly events: readonly Event[]
  readonly writes: readonly Write[]
  /** Records in the events whose values have to be read from where they are stored before this step's commit; seldom any. */
  readonly cold: readonly RecordView[]
  /** Of the values of `cold`. */
  readonly coldBytes: number
  /** What has to be read as soon as the step is durable; seldom any. */
  readonly readings: readonly Reading[]
}

/** A step of at most so much is far from what one commit takes. */
const SMALL_WRITES_MAX = 10_000
const SMALL_BYTES_MAX = 16_777_216

/** Gathers one step; used again for the next. */
export class Turn {
  #nowMs = -Infinity
  #events: Event[] = []
  #writes: Write[] = []
  #bytes = 0
  #cold: RecordView[] = []
  #coldBytes = 0
  #readings: Reading[] = []

  get nowMs(): number {
    return this.#nowMs
  }

  begin(nowMs: number): void {
    invariant(nowMs >= this.#nowMs, 'I-10', nowMs, this.#nowMs)
    this.#nowMs = nowMs
  }

  end(): Step {
    const coldBytes = this.#coldBytes
    const readings = this.#readings
    const step = {
      events: this.#events,
      writes: this.#writes,
      cold: this.#cold,
      coldBytes,
      readings,
    }
    this.#events = []
    this.#writes = []
    this.#bytes = 0
    if (this.#cold.length > 0) this.#cold = []
    if (readings.length > 0) this.#readings = []
    this.#coldBytes = 0
    return step
  }

  say(event: Event): void {
    this.#events.push(event)
  }

  refuse(
    asked: { readonly stream: StreamId; readonly requestId: bigint },
    code: RefusalCode,
    message: string,
    record?: RecordView,
  ): void {
    const { stream, requestId } = asked
    const refused = { kind: 'refused', stream, requestId, code, message } as const
    this.#events.push(record === undefined ? refused : { ...refused, record })
  }

  /** The value of this record, which the step tells of, has so many bytes and is not in memory. */
  needValue(record: RecordView, valueBytes: number): void {
    this.#cold.push(record)
    this.#coldBytes += valueBytes
  }

  /** The step is not told before this was read and supplied. */
  read(reading: Reading): void {
    this.#readings.push(reading)
  }

  /** Whether the step, and as much again, goes into one commit, whole. */
  get isSmall(): boolean {
    return this.#writes.length <= SMALL_WRITES_MAX && this.#bytes <= SMALL_BYTES_MAX
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#bytes += value.length
    this.#writes.push({ kind: 'put', key, value })
  }

  delete(key: Uint8Array): void {
    this.#writes.push({ kind: 'delete', key })
  }

  deleteRange(start: Uint8Array, end: Uint8Array): void {
    this.#writes.push({ kind: 'delete-range', start, end })
  }
}
