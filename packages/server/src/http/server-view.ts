/** What the HTTP face sees of the server. */
import type { Engine } from '@tenure/engine'
import type { Clock } from '../clock.ts'
import type { Traffic } from '../cluster/traffic.ts'
import type { HostContract } from '../host/host.ts'
import type { HostStatistics } from '../host/statistics.ts'
import type { DestinationStatistics } from '../services/delivery/destination.ts'

/** The other servers, and what passes between them and this one. */
export interface ClusterView {
  /** How many are seen, this one among them. */
  readonly servers: number
  readonly traffic: Traffic
}

export interface ServerView {
  readonly engine: Engine
  readonly host: HostContract
  /** Of the nodes that run here. */
  statistics(): HostStatistics
  readonly clock: Clock
  readonly database: string
  readonly version: string
  isStopping(): boolean
  /** Session streams of YDB's protocol. */
  streams(): number
  /** Connections of Tenure's own protocol. */
  clients(): number
  connections(): number
  calls(): number
  /** Where tasks are taken to. */
  destinations(): readonly DestinationStatistics[]
  /** Null for a server that is alone. */
  readonly cluster: ClusterView | null
  grpcAddress(): { readonly host: string; readonly port: number }
}
