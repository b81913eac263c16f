/**
 * How a tablet goes on while its engine has no room.
 *
 * The state in memory must equal what is stored, because nothing can be added to it (I-23). So commands that would write are
 * refused, and only these go on: reads, sessions that come back, streams that close. A session that comes back with
 * another timeout or description does write; nobody else can see that, so its answer alone waits. Such writes, or one that
 * changes nothing, are tried again and again: the first that is taken ends this mode.
 */
import { FullError } from '@tenure/engine'
import type { Partition } from '@tenure/engine'
import { NODE_KEY } from '@tenure/kernel'
import type { Write } from '@tenure/kernel'
import type { Clock, Timer } from '../clock.ts'
import { Batch } from './batch.ts'
import type { StreamCommand } from './stream.ts'

/** What never writes. */
const READING: ReadonlySet<string> = new Set<StreamCommand['kind']>([
  'describe-node',
  'describe-semaphore',
  'get-record',
  'range-records',
  'wait-record',
  'watch-records',
  'forget',
  'describe-lease',
  'check-token',
  'list-sessions',
  'explain-semaphore',
  'read-task',
  'stop-handling',
  'list-themes',
  'list-tasks',
  'show-task',
])

export interface FullModePorts {
  readonly partition: Partition
  readonly clock: Clock
  readonly probeMs: number
  /** There is room again, for these batches: the first is without its writes if they are committed. Nothing is called any more. */
  over(batches: readonly Batch[]): void
  failed(error: unknown): void
}

export class FullMode {
  readonly #ports: FullModePorts
  readonly #held: Batch[] = []
  #probed: Batch | undefined
  #timer: Timer
  #cancelled = false

  constructor(ports: FullModePorts) {
    this.#ports = ports
    this.#timer = this.#again()
  }

  /** Whether the command is done while there is no room. */
  static serves(command: StreamCommand): boolean {
    if (command.kind === 'attach') return command.session !== 0n
    return READING.has(command.kind)
  }

  /** The batch for a step with these writes. */
  batch(writes: readonly Write[]): Batch {
    const latest = this.#held.at(-1)
    if (latest !== undefined && latest !== this.#probed && !latest.reads(writes)) return latest
    const batch = new Batch()
    this.#held.push(batch)
    return batch
  }

  cancel(): void {
    this.#cancelled = true
    this.#timer.cancel()
  }

  #again(): Timer {
    return this.#ports.clock.after(this.#ports.probeMs, () => void this.#probe())
  }

  async #probe(): Promise<void> {
    const { partition } = this.#ports
    this.#probed = this.#held[0]
    try {
      await partition.commit(this.#probed?.writes ?? [await harmlessWrite(partition)])
    } catch (error) {
      this.#probed = undefined
      if (this.#cancelled) return
      if (error instanceof FullError) this.#timer = this.#again()
      else this.#ports.failed(error)
      return
    }
    if (this.#cancelled) return
    // What the batch has to read, and what it says, goes the way of all others.
    if (this.#probed !== undefined) this.#probed.writes.length = 0
    this.#ports.over(this.#held)
  }
}

/** Puts what is there. Nobody else writes meanwhile. */
async function harmlessWrite(partition: Partition): Promise<Write> {
  const value = await partition.get(NODE_KEY)
  if (value === undefined) return { kind: 'delete', key: NODE_KEY }
  return { kind: 'put', key: NODE_KEY, value }
}
