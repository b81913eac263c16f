/**
 * Group commit: one batch is on its way to the engine while the next one gathers.
 *
 * The first command of an idle tablet waits for the end of the present turn of the event loop only, so that all input of
 * one turn shares a commit. Batches settle in the order in which they were begun; so what could have seen the writes of an
 * earlier batch waits for that one (I-21).
 */
import type { Partition } from '@tenure/engine'
import { bytesOfWrite, EngineError, FencedError } from '@tenure/engine'
import type { Found, Reading, Step, Write } from '@tenure/kernel'
import type { Clock } from '../clock.ts'
import { Batch } from './batch.ts'
import { readColdValues } from './cold-values.ts'
import { readAll } from './readings.ts'
import type { TabletCounters } from './statistics.ts'

/** Room in every commit for what closes it. */
const SEAL_OPERATIONS_MAX = 8
const SEAL_BYTES_MAX = 4_096

/** What is read for one batch is in memory together; one step alone may pass this. */
const READING_BYTES_MAX = 67_108_864

export interface PipelinePorts {
  readonly partition: Partition
  readonly clock: Clock
  readonly counters: TabletCounters
  /**
   * A batch is about to be committed and takes no more steps. Every step until now is in `latest` or in a batch before it, so what
   * shows them all may be told with that one.
   */
  closing(latest: Batch): void
  /** Called once per commit, just before it: the counters that go with it. */
  seal(): readonly Write[]
  /** What was read for the batch, which is durable and settles when all has been read. */
  supply(batch: Batch, reading: Reading, found: Found): void
  /** The batch is durable, or holds no writes and nobody else owns the partition. */
  settled(batch: Batch): void
  /** The batch and all later ones are lost; nothing is called any more. */
  failed(error: unknown): void
}

type Joining = Pick<Step, 'writes' | 'readings'>

const NOTHING: Joining = { writes: [], readings: [] }

export class Pipeline {
  readonly #ports: PipelinePorts
  readonly #operationsMax: number
  readonly #bytesMax: number
  readonly #queue: Batch[] = []
  #running = false
  #broken = false
  #whenIdle: (() => void)[] = []

  constructor(ports: PipelinePorts) {
    this.#ports = ports
    this.#operationsMax = ports.partition.limits.batchOperations - SEAL_OPERATIONS_MAX
    this.#bytesMax = ports.partition.limits.batchBytes - SEAL_BYTES_MAX
  }

  /** The batch that a step joins: the open one, unless that would become too large, or reads what the step writes. */
  batchFor({ writes, readings }: Joining, bytes: number): Batch {
    const open = this.#queue.at(-1)
    if (
      open !== undefined &&
      open.writes.length + writes.length <= this.#operationsMax &&
      open.writeBytes + bytes <= this.#bytesMax &&
      (open.readings.length === 0 || takesWithReadings(open, { writes, readings }))
    ) {
      return open
    }
    const batch = new Batch()
    this.append(batch)
    return batch
  }

  /** Sees to it that the engine is asked who owns the partition, with what waits or by itself. */
  confirm(): void {
    this.batchFor(NOTHING, 0)
  }

  append(batch: Batch): void {
    this.#queue.push(batch)
    if (this.#running) return
    this.#running = true
    this.#ports.clock.afterInput(this.#turn)
  }

  /** Resolves when nothing is on its way and nothing waits, or when all was abandoned. */
  idle(): Promise<void> {
    if (!this.#running || this.#broken) return Promise.resolve()
    return new Promise((resolve) => this.#whenIdle.push(resolve))
  }

  /** Forgets what waits; the commit in flight settles unseen. */
  abandon(): void {
    this.#broken = true
    this.#queue.length = 0
    this.#tellIdle()
  }

  readonly #turn = (): void => {
    void this.#next()
  }

  /** One batch per turn: an engine that answers without I/O must not keep input and timers waiting for ever. */
  async #next(): Promise<void> {
    const batch = this.#queue.shift()
    if (batch !== undefined) {
      try {
        this.#ports.closing(this.#queue.at(-1) ?? batch)
        await this.#commit(batch)
        if (!this.#broken) this.#ports.settled(batch)
      } catch (error) {
        if (!this.#broken) {
          this.abandon()
          this.#ports.failed(failureOf(batch, error))
        }
      }
    }
    if (this.#queue.length > 0) {
      this.#ports.clock.afterInput(this.#turn)
      return
    }
    this.#running = false
    this.#tellIdle()
  }

  #tellIdle(): void {
    const resolves = this.#whenIdle
    this.#whenIdle = []
    for (const resolve of resolves) resolve()
  }

  async #commit(batch: Batch): Promise<void> {
    await this.#write(batch)
    if (batch.readings.length > 0) await this.#read(batch)
  }

  /** Between this commit and the next one the engine holds exactly what the kernel saw when it asked. */
  async #read(batch: Batch): Promise<void> {
    const { partition, clock } = this.#ports
    await readAll(batch.readings, {
      partition,
      clock,
      found: (reading, found) => {
        if (!this.#broken) this.#ports.supply(batch, reading, found)
      },
    })
  }

  async #write(batch: Batch): Promise<void> {
    const { partition, clock, counters } = this.#ports
    // Before this commit, which may replace them.
    if (batch.cold.length > 0) await readColdValues(partition, batch.cold)
    // The counters first: should a crash come between two pieces, no id is stored that the counters do not cover.
    const seal = this.#ports.seal()
    batch.writes.unshift(...seal)
    for (const write of seal) batch.writeBytes += bytesOfWrite(write)
    counters.batchCommands.add(batch.commands)
    if (batch.writes.length === 0) {
      counters.confirms += 1
      return partition.confirm()
    }
    const startedAtMs = clock.monotonicMs()
    for (const piece of this.#pieces(batch)) {
      await partition.commit(piece)
      batch.isBegun = true
    }
    counters.commits += 1
    counters.commitMs.add(clock.monotonicMs() - startedAtMs)
  }

  /**
   * A batch fits into one commit, except that one step alone can be larger: a session that held very much, or very many
   * that expire together. Its writes are then committed in pieces, each of which leaves a state that can be loaded; what
   * is said waits for the last.
   */
  #pieces(batch: Batch): readonly (readonly Write[])[] {
    const { maxOperations, maxBytes } = this.#ports.partition.limits
    if (batch.writes.length <= maxOperations && batch.writeBytes <= maxBytes) return [batch.writes]
    const pieces: Write[][] = []
    let piece: Write[] = []
    let pieceBytes = 0
    for (const write of batch.writes) {
      const bytes = bytesOfWrite(write)
      if (piece.length === maxOperations || (piece.length > 0 && pieceBytes + bytes > maxBytes)) {
        pieces.push(piece)
        piece = []
        pieceBytes = 0
      }
      piece.push(write)
      pieceBytes += bytes
    }
    pieces.push(piece)
    return pieces
  }
}

/** Fenced is who has written nothing. */
function failureOf({ isBegun }: Batch, error: unknown): unknown {
  if (!isBegun || !(error instanceof FencedError)) return error
  return new EngineError(`behind a commit: ${error.message}`, { cause: error })
}

function takesWithReadings(open: Batch, { writes, readings }: Joining): boolean {
  const isFull = readings.length > 0 && open.readingBytes >= READING_BYTES_MAX
  return !isFull && !open.reads(writes)
}
