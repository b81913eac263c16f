/** What a host counts, for the metrics face. */
import type { ServedTime } from '../tablet/served-time.ts'
import type { TabletCounters, TabletStatistics } from '../tablet/statistics.ts'
import type { Tablet } from '../tablet/tablet.ts'

export interface HostStatistics {
  /** Nodes in memory. */
  readonly tablets: number
  /** Of these, how many have an engine without room. */
  readonly fullTablets: number
  readonly streams: number
  readonly sessions: number
  readonly attachedSessions: number
  readonly semaphores: number
  readonly owners: number
  readonly waiters: number
  readonly watches: number
  readonly records: number
  readonly recordBytes: number
  readonly valueMemoryBytes: number
  readonly recordLeases: number
  readonly recordWatches: number
  readonly themes: number
  readonly activeTasks: number
  readonly storedTasks: number
  readonly deadTasks: number
  /** Of the active ones, those that were handed out. */
  readonly tasksOut: number
  readonly taskHandlers: number
  readonly waitingCommands: number
  readonly waitingBytes: number
  /** Since the start of the host. */
  readonly counters: TabletCounters
  readonly pauses: number
  readonly pausedMs: number
}

type Summed = Exclude<keyof TabletStatistics, 'exists' | 'full'>

export function gatherStatistics(
  tablets: readonly Tablet[],
  shared: { readonly counters: TabletCounters; readonly time: ServedTime },
): HostStatistics {
  const each = tablets.map((tablet) => tablet.statistics())
  const sum = (name: Summed): number => each.reduce((total, one) => total + one[name], 0)
  return {
    tablets: tablets.length,
    fullTablets: each.filter((one) => one.full).length,
    streams: sum('streams'),
    sessions: sum('sessions'),
    attachedSessions: sum('attachedSessions'),
    semaphores: sum('semaphores'),
    owners: sum('owners'),
    waiters: sum('waiters'),
    watches: sum('watches'),
    records: sum('records'),
    recordBytes: sum('recordBytes'),
    valueMemoryBytes: sum('valueMemoryBytes'),
    recordLeases: sum('recordLeases'),
    recordWatches: sum('recordWatches'),
    themes: sum('themes'),
    activeTasks: sum('activeTasks'),
    storedTasks: sum('storedTasks'),
    deadTasks: sum('deadTasks'),
    tasksOut: sum('tasksOut'),
    taskHandlers: sum('taskHandlers'),
    waitingCommands: sum('waitingCommands'),
    waitingBytes: sum('waitingBytes'),
    counters: shared.counters,
    pauses: shared.time.pauses,
    pausedMs: shared.time.pausedMs,
  }
}
