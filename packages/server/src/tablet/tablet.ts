/**
 * One coordination node at work: drives a kernel over a partition.
 *
 * A command is applied in memory at once; its writes and its events join the open batch, and the events leave only when
 * the batch has been committed (I-1). When a commit fails, or its outcome is unknown, the state in memory may be ahead of
 * what is stored: the tablet ends, and whoever is next loads what is durable (I-20).
 */
import { crashPoint, FencedError, FullError } from '@tenure/engine'
import type { Partition } from '@tenure/engine'
import type {
  Command,
  Event,
  Found,
  Kernel,
  Reading,
  SessionId,
  Step,
  ThemeConfig,
  Write,
} from '@tenure/kernel'
import type { Clock } from '../clock.ts'
import { reasonOf } from '../log.ts'
import type { Log } from '../log.ts'
import { Admission } from './admission.ts'
import { bytesOf, bytesOfEntries } from './batch.ts'
import type { Batch } from './batch.ts'
import { Deadline } from './deadline.ts'
import { Delivery } from './delivery.ts'
import { FullMode } from './full-mode.ts'
import type { TabletLimits } from './limits.ts'
import { OpenStream } from './open-stream.ts'
import type { StreamOwner } from './open-stream.ts'
import type { Outside } from './outside.ts'
import { Pipeline } from './pipeline.ts'
import { SelfCheck } from './self-check.ts'
import type { ServedTime } from './served-time.ts'
import type { TabletCounters, TabletStatistics } from './statistics.ts'
import { address } from './stream.ts'
import type { ServingEnd, StreamCommand, StreamSink, TabletStream } from './stream.ts'

/** How a tablet ended, for whoever keeps it. After 'full' the partition is still open, and its data may be read. */
export type TabletEnd = ServingEnd | 'full'

export interface TabletPorts {
  readonly path: string
  readonly partition: Partition
  /** Loaded from this partition, and used by nobody else. */
  readonly kernel: Kernel
  readonly clock: Clock
  readonly time: ServedTime
  /** Of this kernel alone. */
  readonly outside: Outside
  readonly limits: TabletLimits
  readonly counters: TabletCounters
  readonly log: Log
  /** The engine had no room a moment ago. */
  readonly full: boolean
  /** The themes of the session log have been configured anew, durably. */
  themed(themes: readonly ThemeConfig[]): void
  ended(why: TabletEnd): void
}

export class Tablet implements StreamOwner {
  readonly path: string
  readonly #ports: TabletPorts
  readonly #kernel: Kernel
  readonly #counters: TabletCounters
  readonly #waiting: Admission
  readonly #pipeline: Pipeline
  readonly #delivery: Delivery
  readonly #deadline: Deadline
  readonly #selfCheck: SelfCheck
  readonly #streams = new Map<number, OpenStream>()
  #fullMode: FullMode | null
  /** As of the latest batch, which may have to be committed yet. */
  #themes: readonly ThemeConfig[]
  #lastStream = 0
  #creations = 0
  #partitionClosed: Promise<void> | null = null
  #state: 'serving' | 'stopping' | ServingEnd = 'serving'

  constructor(ports: TabletPorts) {
    const { path, partition, kernel, clock, time, limits, counters } = ports
    this.path = path
    this.#ports = ports
    this.#kernel = kernel
    this.#themes = kernel.themes
    this.#waiting = new Admission(limits)
    this.#counters = counters
    const failed = (error: unknown): void => this.#fail(error)
    this.#pipeline = new Pipeline({
      partition,
      clock,
      counters,
      closing: (latest) => this.#show(latest),
      seal: () => this.#seal(),
      supply: (batch, reading, found) => this.#supply(batch, reading, found),
      settled: (batch) => this.#settle(batch),
      failed,
    })
    this.#delivery = new Delivery(ports)
    this.#deadline = new Deadline({ clock, time }, () => this.#advance())
    this.#selfCheck = new SelfCheck({
      clock,
      periodMs: limits.selfCheckMs,
      check: () => this.#confirm(),
    })
    this.#fullMode = ports.full
      ? new FullMode({
          partition,
          clock,
          probeMs: limits.fullProbeMs,
          over: (batches) => this.#leaveFullMode(batches),
          failed,
        })
      : null
    this.#aim()
  }

  /** Nothing has to be remembered here that is not stored, and nobody is here; nor would a new claim lack room. */
  get unused(): boolean {
    return (
      this.#fullMode === null &&
      this.#streams.size === 0 &&
      this.#waiting.commands === 0 &&
      this.#kernel.nextDeadlineMs() === Infinity &&
      this.#kernel.statistics().sessions === 0
    )
  }

  get exists(): boolean {
    return this.#kernel.statistics().exists
  }

  /** How many commands to create the node have been answered here, in whatever way. */
  get creations(): number {
    return this.#creations
  }

  statistics(): TabletStatistics {
    return {
      ...this.#kernel.statistics(),
      streams: this.#streams.size,
      waitingCommands: this.#waiting.commands,
      waitingBytes: this.#waiting.bytes,
      full: this.#fullMode !== null,
    }
  }

  /** A new way in. When the tablet has ended the stream ends in a later turn. */
  connect(sink: StreamSink): TabletStream {
    this.#lastStream += 1
    const stream = new OpenStream(this.#lastStream, sink, this)
    if (this.#state === 'serving') {
      this.#streams.set(stream.id, stream)
    } else {
      const why = this.#state === 'stopping' ? 'stopped' : this.#state
      this.#ports.clock.afterInput(() => this.#delivery.end(stream, why))
    }
    return stream
  }

  take(stream: OpenStream, asked: StreamCommand): void {
    if (this.#state !== 'serving') return
    if (asked.kind === 'create-node') this.#creations += 1
    if (this.#isRefused(stream, asked)) {
      this.#counters.refused += 1
      stream.sink.overloaded(asked.requestId)
      return
    }
    address(asked, stream.id)
    this.#apply(stream, asked)
  }

  detach(stream: OpenStream, session: SessionId): void {
    const isKnown = stream.sessions.get(session)
    if (this.#state !== 'serving' || isKnown === undefined) return
    stream.sessions.delete(session)
    this.#detach(stream, session, isKnown)
  }

  leave(stream: OpenStream): void {
    this.#streams.delete(stream.id)
    for (const [session, isKnown] of stream.sessions) {
      if (this.#state !== 'serving') return
      this.#detach(stream, session, isKnown)
    }
  }

  #detach(stream: OpenStream, session: SessionId, isKnown: boolean): void {
    // Nobody knows of a session whose birth was not told: it must not linger.
    const kind = isKnown ? 'detach' : 'stop'
    this.#apply(stream, { kind, stream: stream.id, session, requestId: 0n })
  }

  /**
   * Takes no more commands, commits and answers those that were taken, then ends.
   * Resolves when all is done, also when the tablet fails meanwhile.
   */
  async stop(): Promise<void> {
    if (this.#state === 'serving') {
      this.#state = 'stopping'
      this.#deadline.cancel()
      this.#selfCheck.stop()
      this.#fullMode?.cancel()
    }
    await this.#pipeline.idle()
    if (this.#state === 'stopping') this.#end('stopped')
    await this.#partitionClosed
  }

  /** Ends at once; what was asked and not answered may have happened or not. */
  abandon(): void {
    if (this.#isOver()) return
    this.#end('failed')
  }

  #isOver(): boolean {
    return this.#state !== 'serving' && this.#state !== 'stopping'
  }

  #isRefused(stream: OpenStream, asked: StreamCommand): boolean {
    if (this.#fullMode !== null && !FullMode.serves(asked)) return true
    return !this.#waiting.admits(stream, asked)
  }

  #apply(stream: OpenStream, command: Command): void {
    let step: Step
    try {
      step = this.#kernel.apply(command, this.#nowMs())
    } catch (error) {
      this.#fail(error)
      return
    }
    const batch = this.#batchFor(step)
    this.#counters.commands += 1
    this.#waiting.commands += 1
    batch.commands += 1
    if (!stream.over) {
      stream.waitingCommands += 1
      batch.outboxOf(stream).commands += 1
    }
    const isBirth = command.kind === 'attach' && command.session === 0n
    for (const event of step.events) this.#say(event, batch, isBirth)
  }

  /** The kernel's time, for a step that begins now. */
  #nowMs(): number {
    const { time, outside } = this.#ports
    const nowMs = time.nowMs()
    outside.tell(this.#kernel, nowMs)
    return nowMs
  }

  #batchFor(step: Step): Batch {
    const bytes = bytesOf(step.writes)
    const batch =
      this.#fullMode !== null && step.writes.length > 0
        ? this.#fullMode.batch(step.writes)
        : this.#pipeline.batchFor(step, bytes)
    batch.write(step, bytes)
    batch.commitNumber = this.#kernel.commitNumber
    const { themes } = this.#kernel
    if (themes !== this.#themes) {
      this.#themes = themes
      batch.themes = themes
    }
    this.#waiting.bytes += bytes + step.coldBytes
    return batch
  }

  #say(event: Event, batch: Batch, isBirth: boolean): void {
    const stream = this.#streams.get(event.stream)
    if (stream === undefined) return
    this.#counters.said(event)
    if (event.kind === 'attached') {
      stream.sessions.set(event.session, !isBirth)
      if (isBirth) batch.births.push({ stream, session: event.session })
    } else if (event.kind === 'ended' || event.kind === 'stopped') {
      stream.sessions.delete(event.session)
    }
    this.#waiting.bytes += batch.say(stream, event)
  }

  #advance(): void {
    if (this.#state !== 'serving' || this.#fullMode !== null) return
    try {
      const before = this.#kernel.statistics().sessions
      const step = this.#kernel.advance(this.#nowMs())
      this.#counters.sessionExpirations += before - this.#kernel.statistics().sessions
      this.#join(step)
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#aim()
  }

  /** What was read has to be held until it is told, with the batch whose step has asked for it. */
  #supply(batch: Batch, reading: Reading, found: Found): void {
    const bytes = bytesOfEntries(found.entries)
    batch.eventBytes += bytes
    this.#waiting.bytes += bytes
    this.#join(this.#kernel.supply(reading, found, this.#nowMs()))
    this.#aim()
  }

  /** Takes up a step that nobody's command has made. */
  #join(step: Step): void {
    const { events, writes, readings } = step
    if (events.length === 0 && writes.length === 0 && readings.length === 0) return
    const batch = this.#batchFor(step)
    for (const event of events) this.#say(event, batch, false)
  }

  #aim(): void {
    if (this.#state === 'serving' && this.#fullMode === null) {
      this.#deadline.aim(this.#kernel.nextDeadlineMs())
    }
  }

  /** Whoever waits for the engine already finds out by that. */
  #confirm(): void {
    if (this.#streams.size > 0) this.#pipeline.confirm()
  }

  /** Once per batch, not once per change: a state that is replaced before it could be told is not told. */
  #show(batch: Batch): void {
    for (const shown of this.#kernel.shown()) this.#say(shown, batch, false)
  }

  /** Every batch passes here, so new deadlines are seen once per batch, not once per command. */
  #seal(): readonly Write[] {
    this.#aim()
    const writes = this.#kernel.seal()
    this.#waiting.bytes += bytesOf(writes)
    return writes
  }

  #settle(batch: Batch): void {
    crashPoint('before-reply')
    if (batch.commitNumber > 0n) this.#kernel.durableThrough(batch.commitNumber)
    if (batch.themes !== null) this.#ports.themed(batch.themes)
    for (const { stream, session } of batch.births) {
      if (stream.sessions.has(session)) stream.sessions.set(session, true)
    }
    this.#waiting.commands -= batch.commands
    this.#waiting.bytes -= batch.bytes
    this.#delivery.deliver(batch)
  }

  #leaveFullMode(batches: readonly Batch[]): void {
    this.#fullMode = null
    this.#ports.log.info('the engine has room again', { path: this.path })
    for (const batch of batches) this.#pipeline.append(batch)
    this.#aim()
  }

  #fail(error: unknown): void {
    if (this.#isOver()) return
    const fields = { path: this.path, reason: reasonOf(error) }
    if (error instanceof FencedError) {
      this.#ports.log.warn('another server owns the node', fields)
      this.#end('fenced')
    } else if (error instanceof FullError) {
      this.#ports.log.warn('the engine has no room', fields)
      this.#counters.endsForFull += 1
      this.#end('full')
    } else {
      this.#ports.log.error('the tablet failed', fields)
      this.#end('failed')
    }
  }

  #end(why: TabletEnd): void {
    const streamEnd = why === 'full' ? 'failed' : why
    this.#state = streamEnd
    this.#counters.ends[streamEnd] += 1
    this.#deadline.cancel()
    this.#selfCheck.stop()
    this.#fullMode?.cancel()
    this.#pipeline.abandon()
    // The keeper first: whoever hears of the end may ask for the node again at once.
    this.#ports.ended(why)
    if (why !== 'full') this.#partitionClosed = this.#closePartition()
    for (const stream of this.#streams.values()) this.#delivery.end(stream, streamEnd)
    this.#streams.clear()
  }

  async #closePartition(): Promise<void> {
    try {
      await this.#ports.partition.close()
    } catch (error) {
      const fields = { path: this.path, reason: reasonOf(error) }
      this.#ports.log.warn('a partition did not close', fields)
    }
  }
}
