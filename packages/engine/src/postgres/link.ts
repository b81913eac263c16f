/**
 * One connection. It runs one statement after the other, each without a name, so that a pooler may give every transaction another
 * session of the server.
 */
import { Socket } from 'node:net'
import { Client, types as pgTypes } from 'pg'
import type { PostgresHost, PostgresPlace, TlsUse } from './place.ts'
import { UnansweredError } from './failure.ts'

/** A `Buffer` is sent as bytes, whatever type the parameter has. */
type Parameter = string | Buffer | null

export interface Statement {
  readonly text: string
  readonly values?: readonly Parameter[]
}

/** A `bytea` is a Buffer, all else is text. */
export type Row = readonly (string | Buffer | null)[]

export interface LinkOptions {
  readonly place: PostgresPlace
  readonly host: PostgresHost
  /** The longest that the server may say nothing while a statement runs. What became of it is then unknown, and has to be found out. */
  readonly answerMs: number
}

const CONNECT_MS = 5_000
const KEEP_ALIVE_MS = 10_000
const BYTEA = 17

/** A commit that is here, and not known to be on the standbys that were to have it. */
const WARNING = '01000'

const parseBytes: (text: string) => Buffer = pgTypes.getTypeParser(BYTEA)
const types = {
  getTypeParser: (type: number) => (type === BYTEA ? parseBytes : (text: string) => text),
}

export class Link {
  readonly host: PostgresHost
  readonly #client: Client
  readonly #socket: Socket
  #isBusy = false
  #isBroken = false
  #isDoubtful = false

  private constructor(host: PostgresHost, client: Client, socket: Socket) {
    this.host = host
    this.#client = client
    this.#socket = socket
    client.on('error', () => this.destroy())
    client.on('end', () => this.destroy())
    client.on('notice', ({ code }) => {
      if (this.#isBusy && code === WARNING) this.#isDoubtful = true
    })
    socket.on('timeout', () => {
      if (this.#isBusy) this.destroy()
    })
  }

  /** @throws what the driver says */
  static async open(options: LinkOptions): Promise<Link> {
    const { tlsUse } = options.place
    if (tlsUse !== 'prefer') return Link.#open(options, tlsUse)
    try {
      return await Link.#open(options, 'require')
    } catch (error) {
      // What has a code comes from the server or from the system. That a server cannot encrypt is said by the driver, without one.
      if (error instanceof Error && 'code' in error && error.code !== undefined) throw error
      return Link.#open(options, 'disable')
    }
  }

  static async #open(
    { place, host: { host, port }, answerMs }: LinkOptions,
    tlsUse: Exclude<TlsUse, 'prefer'>,
  ): Promise<Link> {
    const socket = new Socket()
    const { user, password, database, applicationName = 'tenure', settings } = place
    const client = new Client({
      host,
      port,
      user,
      database,
      application_name: applicationName,
      ssl: tlsUse === 'require' ? { rejectUnauthorized: false, ...place.tls } : false,
      connectionTimeoutMillis: place.connectMs ?? CONNECT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      stream: () => socket,
      types,
      ...(password === undefined ? {} : { password }),
      ...(settings === undefined ? {} : { options: settings }),
    })
    const link = new Link({ host, port }, client, socket)
    try {
      await client.connect()
    } catch (error) {
      link.destroy()
      throw error
    }
    socket.setTimeout(answerMs)
    return link
  }

  get isUsable(): boolean {
    return !this.#isBroken
  }

  /** @throws UnansweredError, or what the driver says: see `verdictOf` */
  async run({ text, values = [] }: Statement): Promise<readonly Row[]> {
    if (this.#isBroken) throw new UnansweredError('the connection is closed')
    this.#isBusy = true
    this.#isDoubtful = false
    try {
      const { rows } = await this.#client.query<(string | Buffer | null)[]>({
        text,
        values: [...values],
        rowMode: 'array',
      })
      if (this.#isDoubtful) {
        throw new UnansweredError('the server warned that a commit may not be on its standbys')
      }
      return rows
    } finally {
      this.#isBusy = false
    }
  }

  /** Ends it in good order. */
  async close(): Promise<void> {
    if (this.#isBroken) return
    this.#isBroken = true
    await this.#client.end()
    this.#socket.destroy()
  }

  /** Ends it at once. */
  destroy(): void {
    this.#isBroken = true
    this.#socket.destroy()
  }
}
