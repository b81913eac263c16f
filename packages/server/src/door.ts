/**
 * The door of a host to other processes of its machine: a socket in the file system that speaks Tenure's own protocol.
 *
 * Who may use the socket may read and write what is kept beside it, so nobody is asked for a name here, and any absolute path is inside.
 */
import { rmSync } from 'node:fs'
import { CONNECT_PATH } from '@tenure/protocol'
import { type Clock, systemClock } from './clock.ts'
import { ConnectionCalls } from './grpc/connection-call.ts'
import { GrpcServer } from './grpc/grpc-server.ts'
import type { HostContract } from './host/host.ts'
import { type Log, silentLog } from './log.ts'
import { type Random, systemRandom } from './random.ts'
import { Accounts } from './services/accounts.ts'
import { NO_NEIGHBOURS } from './services/neighbours.ts'
import { within } from './within.ts'

export interface DoorOptions {
  /** What is left at this path is replaced: only who holds the directory opens a door in it. */
  readonly path: string
  /** Stays the caller's: it is closed between `shut` and `clear`. */
  readonly host: HostContract
  readonly clock?: Clock
  readonly random?: Random
  readonly log?: Log
}

/** How long clients may take to read the end of their streams. */
const CLEAR_MS = 500

export class Door {
  readonly #clock: Clock
  readonly #clients: ConnectionCalls
  readonly #grpc: GrpcServer
  #drained: Promise<void> | null = null

  private constructor({ host, clock, random, log }: Required<DoorOptions>) {
    this.#clock = clock
    this.#clients = new ConnectionCalls({
      host,
      clock,
      random,
      log,
      database: '',
      accounts: new Accounts({}, clock, random),
      neighbours: NO_NEIGHBOURS,
    })
    const handlers = new Map([[CONNECT_PATH, this.#clients.handler]])
    this.#grpc = new GrpcServer({ clock, log, handlers })
  }

  /** @throws what the system says when nothing can listen at the path */
  static async open(options: DoorOptions): Promise<Door> {
    const { path } = options
    const door = new Door({ clock: systemClock, random: systemRandom, log: silentLog, ...options })
    rmSync(path, { force: true })
    await door.#grpc.listenOnFile(path)
    return door
  }

  /** Lets nobody in any more: the socket is gone. Those inside are answered as long as the host answers. */
  shut(): void {
    void this.#drain()
  }

  #drain(): Promise<void> {
    this.#drained ??= this.#grpc.drain()
    return this.#drained
  }

  /** Sends everybody away, after the host has been closed: clients look for the next host at once. Bounded in time. */
  async clear(): Promise<void> {
    const drained = this.#drain()
    this.#clients.stop()
    await within(this.#clock, CLEAR_MS, drained)
    this.#grpc.destroy()
    await drained
  }
}
