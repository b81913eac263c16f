/**
 * Where the rows of records are tried: every scheme of an address, and a cluster of servers, with nothing but the public door.
 *
 * `test.for(SCHEMES)('a true sentence, %s', async (scheme) => { await using world = await openWorld(scheme); … })`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, connect, type Key, type Record, serve, type Storage } from 'tenure'
import { newEngineAddress } from '../../../../test/engine-under-test.ts'
import { clientOver } from '../../../client/src/client.ts'
import { groundOf } from '../../../client/src/link/grpc/ground.ts'
import { TenureLink } from '../../../client/src/link/tenure/link.ts'
import { Town } from '../cluster/town.ts'

export const SCHEMES = ['memory:', 'file:', 'grpc://', 'cluster'] as const
export type Scheme = (typeof SCHEMES)[number]

/** The schemes of what outlives its process; each of them is kept in a directory here. */
export const DURABLE_SCHEMES = ['file:', 'grpc://'] as const
export type DurableScheme = (typeof DURABLE_SCHEMES)[number]

/** The node of a world. */
export const PATH = '/local/records'

/** Its grace period, as short as may be: leases and sessions that were loaded live so much longer than their time. */
export const NODE = { selfCheckPeriodMs: 500, sessionGracePeriodMs: 1 } as const

/** How a test asks for what it cannot be told of. */
export const PATIENCE = { interval: 1, timeout: 10_000 } as const

export interface World extends AsyncDisposable {
  readonly client: Client
  readonly storage: Storage
  /** One more client of the same world, closed with it. */
  another(): Client
}

export interface LastingWorld extends World {
  /** Whatever runs here ends in good order, and begins anew on the same directory. */
  restart(): Promise<void>
  /** Where a server listens, on 127.0.0.1; 0 where there is none. */
  readonly port: number
}

let worldsOpened = 0

export async function openWorld(scheme: Scheme): Promise<World> {
  if (scheme === 'cluster') return openClusterWorld()
  if (scheme !== 'memory:') return openLastingWorld(scheme)
  worldsOpened += 1
  const address = `memory:records-${process.pid}-${worldsOpened}`
  const world = await worldOf(() => connect(address))
  await world.client.createNode(PATH, NODE)
  return world
}

/** Two servers; clients stay with the one that does not have the node, so that it forwards. */
async function openClusterWorld(): Promise<World> {
  const town = await Town.of(2)
  await using maker = connect(town.addressOf(...town.servers))
  await maker.createNode(PATH, NODE)
  const owner = await town.ownerOf(PATH)
  const [first] = town.servers.filter((one) => one !== owner)
  if (first === undefined) throw new Error('one server has every node')
  const address = town.addressOf(first)
  const world = await worldOf(() => clientOver(new TenureLink({ ...groundOf(address), to: null })))
  return Object.assign(world, {
    async [Symbol.asyncDispose]() {
      await world.leave()
      await town[Symbol.asyncDispose]()
    },
  })
}

async function worldOf(make: () => Client): Promise<World & { leave(): Promise<void> }> {
  const clients: Client[] = []
  const another = (): Client => {
    const made = make()
    clients.push(made)
    return made
  }
  const leave = async (): Promise<void> => {
    await Promise.all(clients.map((each) => each.close()))
  }
  const client = another()
  return { client, storage: client.storage(PATH), another, leave, [Symbol.asyncDispose]: leave }
}

export async function openLastingWorld(scheme: DurableScheme): Promise<LastingWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-records-'))
  const place = await (scheme === 'file:' ? FilePlace : ServedPlace).open(folder)
  let clients: Client[] = []
  const another = (): Client => {
    const made = place.connect()
    clients.push(made)
    return made
  }
  let client = another()
  await client.createNode(PATH, NODE)
  const leave = async (): Promise<void> => {
    await Promise.all(clients.map((each) => each.close()))
    clients = []
  }
  return {
    get client() {
      return client
    },
    get storage() {
      return client.storage(PATH)
    },
    another,
    port: place.port,
    async restart() {
      if (place.endsWithClients) await leave()
      await place.restart()
      if (place.endsWithClients) client = another()
    },
    async [Symbol.asyncDispose]() {
      await leave()
      await place.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What stands behind clients. */
interface Place {
  /** Whether it ends with the last of its clients, and none outlives its restart. */
  readonly endsWithClients: boolean
  connect(): Client
  readonly port: number
  restart(): Promise<void>
  close(): Promise<void>
}

class FilePlace implements Place {
  readonly endsWithClients = true
  readonly port = 0
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  static open(folder: string): Promise<Place> {
    return Promise.resolve(new FilePlace(folder))
  }

  connect(): Client {
    return connect(`file:${this.#folder}`)
  }

  restart(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

type Serving = Awaited<ReturnType<typeof serve>>

class ServedPlace implements Place {
  readonly endsWithClients = false
  readonly #engine: string
  #serving: Serving

  private constructor(engine: string, serving: Serving) {
    this.#engine = engine
    this.#serving = serving
  }

  static async open(folder: string): Promise<Place> {
    const engine = newEngineAddress(`file:${folder}`)
    return new ServedPlace(engine, await ServedPlace.#serve(engine, '127.0.0.1:0'))
  }

  static #serve(engine: string, listen: string): Promise<Serving> {
    return serve({ engine, listen, http: null })
  }

  connect(): Client {
    // As a user would write it: which protocol is spoken is found out.
    return connect(this.#serving.address)
  }

  get port(): number {
    return Number(this.#serving.listen.split(':').at(-1))
  }

  async restart(): Promise<void> {
    const { listen } = this.#serving
    await this.#serving.close()
    this.#serving = await ServedPlace.#serve(this.#engine, listen)
  }

  close(): Promise<void> {
    return this.#serving.close()
  }
}

/** Creates records with the values '1', '2', … under these keys. */
export async function fill(storage: Storage, ...keys: Key[]): Promise<bigint[]> {
  const versions: bigint[] = []
  for (const key of keys) {
    versions.push(await storage.create({ key, value: String(versions.length + 1) }))
  }
  return versions
}

export function textOf(record: Record | null): string | null {
  return record && Buffer.from(record.value).toString()
}

export function keysOf(records: readonly Record[]): Key[] {
  return records.map(({ key }) => key)
}

/** What a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it was done')
}

/** Settles when `signal` has aborted. */
export async function aborted(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) {
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true })
    })
  }
  return signal.reason
}
