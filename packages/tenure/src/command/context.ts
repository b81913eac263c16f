/**
 * What every subcommand gets: the world around the process, the options that all share, and the way to a session.
 */
import type { Readable, Writable } from 'node:stream'
import { hostname } from 'node:os'
import type { Client, Clock, Pipe, Session, SessionOptions, Storage } from '@tenure/client'
import { NotFoundError } from '@tenure/client'
import { databaseOf, effectiveAddress } from '../address.ts'
import { DEFAULT_TIMEOUT_MS } from './limits.ts'
import type { Interrupts } from './interrupts.ts'
import { Output } from './output.ts'

/** The process as the command sees it; a test brings its own. */
export interface World {
  readonly environment: NodeJS.ProcessEnv
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  readonly interrupts: Interrupts
  readonly clock: Clock
  connect(address: string | undefined): Client
  /** Ends the process at once. */
  quit(exitCode: number): void
}

/** Options that stand on every subcommand. */
export interface CommonOptions {
  readonly address?: string
  readonly path?: string
  readonly timeout?: number
  readonly json?: boolean
}

/** What a subcommand does: returns the exit code, or throws what `failureOf` understands. */
export type Action<Options> = (
  context: CommandContext,
  options: Options,
  operands: readonly string[],
) => Promise<number>

export class CommandContext {
  readonly world: World
  readonly output: Output
  readonly timeoutMs: number
  /** How many of the words stand behind `--`. */
  readonly wordsBehindDashes: number
  readonly #options: CommonOptions

  constructor(world: World, options: CommonOptions, wordsBehindDashes = 0) {
    this.world = world
    this.output = new Output(world, options.json === true)
    this.timeoutMs = options.timeout ?? DEFAULT_TIMEOUT_MS
    this.wordsBehindDashes = wordsBehindDashes
    this.#options = options
  }

  /** Aborts when a signal tells the command to end. */
  get signal(): AbortSignal {
    return this.world.interrupts.signal
  }

  /** The coordination node to work in. */
  get path(): string {
    const { path, address } = this.#options
    return path ?? `${databaseOf(effectiveAddress(address))}/tenure`
  }

  /** Does `work` with a client that is closed afterwards. */
  async withClient<T>(work: (client: Client) => Promise<T>): Promise<T> {
    await using client = this.world.connect(this.#options.address)
    return await work(client)
  }

  /** Does `work` in a session that is closed afterwards. The node is made when it is absent. */
  withSession<T>(work: (session: Session) => Promise<T>, options: SessionOptions = {}): Promise<T> {
    return this.withClient(async (client) => {
      await using session = await this.#open(client, {
        timeout: this.timeoutMs,
        startTimeout: Math.min(this.timeoutMs, START_TIMEOUT_MS),
        description: `tenure command, process ${process.pid} on ${hostname()}`,
        ...options,
      })
      return await work(session)
    })
  }

  /** Does `work` with the records of the node, which is made when it is absent. */
  withStorage<T>(work: (storage: Storage) => Promise<T>): Promise<T> {
    return this.#withNode((client) => work(client.storage(this.path)))
  }

  /** Does `work` with the session log of the node, which is made when it is absent. */
  withPipe<T>(work: (pipe: Pipe) => Promise<T>): Promise<T> {
    return this.#withNode((client) => work(client.pipe(this.path)))
  }

  #withNode<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return this.withClient(async (client) => {
      try {
        await client.describeNode(this.path, this.signal)
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error
        await client.createNode(this.path, {}, this.signal)
      }
      return work(client)
    })
  }

  async #open(client: Client, options: SessionOptions): Promise<Session> {
    try {
      return await client.openSession(this.path, options, this.signal)
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error
    }
    return client.openSession(this.path, { ...options, createNode: true }, this.signal)
  }
}

/** How long a person waits to hear that there is no server. */
const START_TIMEOUT_MS = 5_000
