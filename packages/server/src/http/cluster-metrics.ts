/** Counters of what passes between servers: whether clients reach the servers that have their nodes. */
import type { Registry } from 'prom-client'
import { addCounters, addGauges } from './readings.ts'
import type { Reading } from './readings.ts'
import type { ClusterView } from './server-view.ts'

const GAUGES: readonly Reading<ClusterView>[] = [
  [
    'cluster_servers',
    'Servers of the cluster that are seen, this one among them',
    (c) => c.servers,
  ],
  [
    'sessions_forwarded',
    'Attached sessions of clients here in nodes that other servers have',
    ({ traffic }) => traffic.outward.count,
  ],
  [
    'sessions_from_servers',
    'Of the attached sessions of nodes here, those that come through other servers',
    ({ traffic }) => traffic.inward.count,
  ],
]

const COUNTERS: readonly Reading<ClusterView>[] = [
  [
    'commands_forwarded_total',
    'Commands passed on to the servers that have the nodes',
    ({ traffic }) => traffic.commands,
  ],
  [
    'attaches_redirected_total',
    'Attaches answered with the address of the server that has the node',
    ({ traffic }) => traffic.sent,
  ],
  [
    'attaches_unreached_total',
    'Attaches forwarded because the client could not reach the server that has the node',
    ({ traffic }) => traffic.unreached,
  ],
]

export function addClusterMetrics(registry: Registry, view: ClusterView): void {
  addGauges(registry, GAUGES, () => view)
  addCounters(registry, COUNTERS, () => view)
}
