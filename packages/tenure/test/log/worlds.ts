/**
 * Where the rows of the session log are tried: every scheme of an address, with nothing but the public door; and a world whose time the
 * test moves, for what is about seconds.
 */
import {
  type Client,
  clientOver,
  type HandOut,
  type Pipe,
  type TaskId,
  type ThemeOptions,
} from 'tenure'
import { openMemoryEngine } from '@tenure/engine/memory'
import { Host } from '@tenure/server'
import { LocalLink } from '../../src/local/local-link.ts'
import { WorldClock } from '../properties/world-clock.ts'
import {
  type DurableScheme,
  type LastingWorld,
  openLastingWorld,
  openWorld,
  PATH,
  type Scheme,
  type World,
} from '../records/worlds.ts'

export { aborted, DURABLE_SCHEMES, failure, PATH, PATIENCE, SCHEMES } from '../records/worlds.ts'

/** The theme that each world knows; what is stored is due at once. */
export const THEME = 7
const OPTIONS: ThemeOptions = { name: 'test', delaySeconds: 0 }

export interface LogWorld extends AsyncDisposable {
  readonly client: Client
  readonly pipe: Pipe
  /** The same log, for another client of the same world; closed with it. */
  another(): Pipe
}

export async function openLog(scheme: Scheme, options: ThemeOptions = {}): Promise<LogWorld> {
  return logOf(await openWorld(scheme), options)
}

export interface LastingLog extends LogWorld {
  restart(): Promise<void>
}

export async function openLastingLog(scheme: DurableScheme): Promise<LastingLog> {
  const world: LastingWorld = await openLastingWorld(scheme)
  return Object.assign(await logOf(world, {}), { restart: () => world.restart() })
}

async function logOf(world: World, options: ThemeOptions): Promise<LogWorld> {
  await world.client.pipe(PATH).configure(THEME, { ...OPTIONS, ...options })
  return {
    get client() {
      return world.client
    },
    get pipe() {
      return world.client.pipe(PATH)
    },
    another: () => world.another().pipe(PATH),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}

export interface TimedLog extends AsyncDisposable {
  readonly clock: WorldClock
  readonly pipe: Pipe
  readonly client: Client
  another(): Client
  /** Lets all happen that needs no time. */
  readonly settled: <T>(promise: Promise<T>) => Promise<T>
}

/** A log in this process whose time stands still until it is moved. */
export async function openTimedLog(options: ThemeOptions = {}): Promise<TimedLog> {
  const clock = new WorldClock()
  const host = new Host({ engine: openMemoryEngine(), clock })
  const use = { host: Promise.resolve(host), release: () => Promise.resolve() }
  const clients: Client[] = []
  const another = (): Client => {
    const made = clientOver(new LocalLink('memory:timed', use, clock), { clock })
    clients.push(made)
    return made
  }
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    const [value] = await Promise.all([promise, clock.settle()])
    return value
  }
  const client = another()
  const pipe = client.pipe(PATH)
  await settled(client.createNode(PATH))
  await settled(pipe.configure(THEME, { ...OPTIONS, ...options }))
  return {
    clock,
    pipe,
    client,
    another,
    settled,
    async [Symbol.asyncDispose]() {
      await settled(Promise.all(clients.map((each) => each.close())))
      await settled(host.close())
    },
  }
}

export function idsOf(tasks: readonly { readonly id: TaskId }[]): string[] {
  return tasks.map(({ id }) => id.toString())
}

export function texts(records: readonly Uint8Array[]): string[] {
  return records.map((record) => Buffer.from(record).toString())
}

/** The hand-outs that come to a handler, one after the other. */
export class Arrivals {
  readonly all: HandOut[] = []
  readonly #waiting: ((handOut: HandOut) => void)[] = []
  #next = 0

  add(handOut: HandOut): void {
    this.all.push(handOut)
    const [first] = this.#waiting
    if (first === undefined) return
    this.#waiting.shift()
    this.#next += 1
    first(handOut)
  }

  next(): Promise<HandOut> {
    const at = this.all[this.#next]
    if (at !== undefined) {
      this.#next += 1
      return Promise.resolve(at)
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }
}
