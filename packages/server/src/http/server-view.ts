/** What the HTTP face sees of the server. */
import type { Engine } from '@tenure/engine'
import type { Clock } from '../clock.ts'
import type { HostContract } from '../host/host.ts'
import type { HostStatistics } from '../host/statistics.ts'
import type { DestinationStatistics } from '../services/delivery/destination.ts'

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
  grpcAddress(): { readonly host: string; readonly port: number }
}
