/** What the services know of a call and of the server they run in. */
import type { Clock } from '../clock.ts'
import type { HostContract } from '../host/host.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import type { Accounts } from './accounts.ts'
import type { Neighbours } from './neighbours.ts'

/** What came with a call beside its messages. */
export interface CallInfo {
  /** The database that the client names; empty when it names none. */
  readonly database: string
  /** The client's token; empty for an anonymous client. */
  readonly ticket: string
  /** How the client reached this server. */
  readonly address: string
  readonly port: number
}

/** What the services need from the server. */
export interface ServiceContext {
  readonly host: HostContract
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Canonical path of the one database. */
  readonly database: string
  readonly accounts: Accounts
  readonly neighbours: Neighbours
}
