/**
 * Counters for Prometheus, read when they are asked for.
 *
 * Names of locks and nodes never become labels: there may be millions.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, Registry } from 'prom-client'
import type { HostStatistics } from '../host/statistics.ts'
import { addClusterMetrics } from './cluster-metrics.ts'
import { addDeliveryMetrics } from './delivery-metrics.ts'
import { HistogramView } from './histogram-view.ts'
import { addCounters, addGauges } from './readings.ts'
import type { Reading } from './readings.ts'
import type { ServerView } from './server-view.ts'

const NS_PER_SECOND = 1e9
const MS_PER_SECOND = 1000

const GAUGES: readonly Reading<HostStatistics>[] = [
  ['nodes', 'Coordination nodes in memory', (host) => host.tablets],
  ['nodes_full', 'Nodes whose engine has no room', (host) => host.fullTablets],
  ['sessions', 'Sessions, attached or not', (host) => host.sessions],
  ['sessions_attached', 'Sessions with a live stream', (host) => host.attachedSessions],
  ['semaphores', 'Semaphores', (host) => host.semaphores],
  ['owners', 'Holders of semaphores', (host) => host.owners],
  ['waiters', 'Acquires that wait in a queue', (host) => host.waiters],
  ['watch_active', 'Watches that have not fired', (host) => host.watches],
  ['records', 'Leased versioned records', (host) => host.records],
  ['record_bytes', 'Bytes of their keys and values', (host) => host.recordBytes],
  ['record_bytes_in_memory', 'Bytes of their values in memory', (host) => host.valueMemoryBytes],
  ['record_leases', 'Leases of records', (host) => host.recordLeases],
  ['record_watches', 'Waits and watches of records', (host) => host.recordWatches],
  ['themes', 'Themes of session logs', (host) => host.themes],
  ['tasks_active', 'Tasks that somebody drives', (host) => host.activeTasks],
  ['tasks_stored', 'Tasks that wait until they are due', (host) => host.storedTasks],
  ['tasks_dead', 'Tasks that came back too often', (host) => host.deadTasks],
  ['tasks_handed_out', 'Tasks that are with handlers', (host) => host.tasksOut],
  ['task_handlers', 'Handlers of themes', (host) => host.taskHandlers],
  ['commands_waiting', 'Commands that wait for their commit', (host) => host.waitingCommands],
  ['command_bytes_waiting', 'Bytes of these commands', (host) => host.waitingBytes],
]

const COUNTERS: readonly Reading<HostStatistics>[] = [
  ['commands_total', 'Commands taken', (host) => host.counters.commands],
  [
    'commands_refused_total',
    'Commands not taken: too many waited',
    (host) => host.counters.refused,
  ],
  ['grants_total', 'Acquires answered with a grant', (host) => host.counters.grants],
  ['task_handouts_total', 'Tasks brought to handlers', (host) => host.counters.handOuts],
  [
    'task_refusals_total',
    'Operations of tasks refused for the state of the task',
    (host) => host.counters.taskRefusals,
  ],
  [
    'session_expirations_total',
    'Sessions whose time ran out',
    (host) => host.counters.sessionExpirations,
  ],
  ['commits_total', 'Batches committed', (host) => host.counters.commits],
  ['confirms_total', 'Batches without writes', (host) => host.counters.confirms],
  ['pauses_total', 'Times the process was found to have paused', (host) => host.pauses],
  ['paused_seconds_total', 'Length of these pauses', (host) => host.pausedMs / MS_PER_SECOND],
]

const SERVER_COUNTERS: readonly Reading<ServerView>[] = [
  ['calls_total', 'gRPC calls begun', (view) => view.calls()],
]

const SERVER_GAUGES: readonly Reading<ServerView>[] = [
  ['streams', "Open session streams of YDB's protocol", (view) => view.streams()],
  ['client_connections', "Open connections of Tenure's own protocol", (view) => view.clients()],
  ['connections', 'Open gRPC connections', (view) => view.connections()],
  [
    'engine_unsafe',
    'Settings of the engine that may lose what was acknowledged',
    (view) => view.engine.unsafe?.length ?? 0,
  ],
]

export function createMetrics(view: ServerView): Registry {
  const registry = new Registry()
  addGauges(registry, GAUGES, () => view.statistics())
  addCounters(registry, COUNTERS, () => view.statistics())
  addServerMetrics(registry, view)
  addDeliveryMetrics(registry, () => view.destinations())
  if (view.cluster !== null) addClusterMetrics(registry, view.cluster)
  return registry
}

function addServerMetrics(registry: Registry, view: ServerView): void {
  const registers = [registry]
  addGauges(registry, SERVER_GAUGES, () => view)
  addCounters(registry, SERVER_COUNTERS, () => view)
  void new Counter({
    name: 'tenure_node_ends_total',
    help: 'How nodes left memory',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset()
      const { ends } = view.statistics().counters
      for (const [reason, count] of Object.entries(ends)) this.inc({ reason }, count)
    },
  })
  const delay = monitorEventLoopDelay()
  delay.enable()
  void new Gauge({
    name: 'tenure_event_loop_delay_seconds',
    help: '99th percentile since the last reading',
    registers,
    collect() {
      this.set(delay.percentile(99) / NS_PER_SECOND)
      delay.reset()
    },
  })
  const { counters } = view.statistics()
  registry.registerMetric(
    new HistogramView({
      name: 'tenure_commit_seconds',
      help: 'Time of a commit',
      unit: MS_PER_SECOND,
      read: () => counters.commitMs,
    }),
  )
  registry.registerMetric(
    new HistogramView({
      name: 'tenure_commit_batch_size',
      help: 'Commands in a commit',
      unit: 1,
      read: () => counters.batchCommands,
    }),
  )
}
