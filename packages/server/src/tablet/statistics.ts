/** What tablets count. Plain numbers, read by whoever shows them. */
import type { Event, KernelStatistics, RefusalCode } from '@tenure/kernel'
import type { ServingEnd } from './stream.ts'

/** How often values fell into which range. */
export class Histogram {
  /** Upper bounds, inclusive, ascending; one range more lies above the last. */
  readonly bounds: readonly number[]
  /** How many values lie in each range; not cumulative. */
  readonly counts: number[]
  sum = 0
  count = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  add(value: number): void {
    let range = 0
    while (range < this.bounds.length && value > (this.bounds[range] ?? Infinity)) range += 1
    this.counts[range] = (this.counts[range] ?? 0) + 1
    this.sum += value
    this.count += 1
  }
}

const COMMIT_MS_BOUNDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000, 5_000]
const BATCH_COMMANDS_BOUNDS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 4_096, 16_384]

const OF_TASKS: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'UNKNOWN_THEME',
  'TASK_CLOSED',
  'STALE_ATTEMPT',
  'TASK_TOO_LARGE',
])

/** Counters that only grow, shared by all tablets of a host. */
export class TabletCounters {
  commands = 0
  /** Commands answered `overloaded`. */
  refused = 0
  /** Acquires answered with a grant. */
  grants = 0
  /** Tasks brought to somebody. */
  handOuts = 0
  /** Operations of tasks that were refused for what became of the task, its theme or its size. */
  taskRefusals = 0
  sessionExpirations = 0
  commits = 0
  /** Batches without writes. */
  confirms = 0
  readonly commitMs: Histogram = new Histogram(COMMIT_MS_BOUNDS)
  readonly batchCommands: Histogram = new Histogram(BATCH_COMMANDS_BOUNDS)
  /** How tablets ended. */
  readonly ends: Record<ServingEnd, number> = { stopped: 0, failed: 0, fenced: 0 }
  /** Of the failed: those whose engine had no room. */
  endsForFull = 0

  said(event: Event): void {
    if (event.kind === 'acquired') this.grants += 1
    else if (event.kind === 'task-handed-out') this.handOuts += 1
    else if (event.kind === 'refused' && OF_TASKS.has(event.code)) this.taskRefusals += 1
  }
}

export interface TabletStatistics extends KernelStatistics {
  readonly streams: number
  /** Commands that wait for their commit, the one in flight included. */
  readonly waitingCommands: number
  readonly waitingBytes: number
  /** The engine has no room: only what needs no write is done. */
  readonly full: boolean
}
