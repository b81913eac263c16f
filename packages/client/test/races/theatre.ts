/**
 * One client over a network that a scheduler rules, before a real server, on a clock that goes on only when nothing else
 * can. Remembers everything that was begun, so that the end can ask whether all of it has ended.
 */
import { deepStrictEqual, fail, ok } from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { stringify } from 'fast-check'
import type { Scheduler } from 'fast-check'
import { Host } from '@tenure/server'
import { MoodyEngine } from '../../../server/test/tablet/moody-engine.ts'
import { LocalLink } from '../../../tenure/src/local/local-link.ts'
import { ProcessClock, WorldClock } from '../../../tenure/test/properties/world-clock.ts'
import { Client } from '../../src/client.ts'
import { TenureError } from '../../src/errors.ts'
import type { SemaphoreDescription } from '../../src/semaphore.ts'
import type { NodeConfig } from '../../src/node.ts'
import type { Session } from '../../src/session.ts'
import { fixedRandom } from '../fake-link.ts'
import { Network } from './network.ts'

export const PATH = '/local/races'
const NAMES: readonly string[] = [
  'mutex',
  'pool',
  'election',
  'registry',
  'config',
  'rwlock',
  'barrier',
]
/** The reason of every abort. */
export const ENOUGH: Error = new Error('enough')

/** So that a session whose end nobody heard of is soon over: the server's grace period is as short as it gets. */
export const NODE: NodeConfig = { selfCheckPeriodMs: 500, sessionGracePeriodMs: 1 }
/** Longer than a session's timeout and the grace period together. */
const CALM_MS = 7_000

/** More turns than an observer's questions need. */
const LOOK_TURNS = 50

/** What is held by whom, as its holder sees it. */
interface Holding {
  readonly name: string
  readonly token: bigint
  readonly signal: AbortSignal
}

/** Being inside a lock that can be shared. */
interface Access {
  readonly signal: AbortSignal
  writes: boolean
}

export class Theatre {
  readonly clock: WorldClock = new WorldClock()
  readonly engine: MoodyEngine = new MoodyEngine()
  readonly network: Network
  readonly client: Client
  readonly sessions: Session[] = []
  readonly holdings: Holding[] = []
  readonly accesses: Access[] = []
  readonly controllers: AbortController[] = []
  /** What can be ended, and has not been. */
  readonly ends: (() => PromiseLike<unknown>)[] = []
  /** Watches that are read, with what they said last. */
  readonly #followed = new Set<{ readonly name: string; last: string }>()
  readonly #scheduler: Scheduler
  readonly #serverClock: ProcessClock
  readonly #host: Host
  readonly #observer: Client
  readonly #pending = new Set<string>()
  #failure: unknown = null
  #begun = 0

  constructor(scheduler: Scheduler, isForeign: boolean) {
    this.#scheduler = scheduler
    this.#serverClock = new ProcessClock(this.clock)
    this.#host = new Host({ engine: this.engine, clock: this.#serverClock })
    this.network = new Network(this.#link(), { scheduler, isForeign })
    this.client = new Client(this.network, { clock: this.clock, random: fixedRandom(0.5) })
    this.#observer = new Client(this.#link(), { clock: this.clock, random: fixedRandom(0.5) })
  }

  /** The moment at which the scheduler likes to go on. */
  async moment(): Promise<void> {
    await this.#scheduler.schedule(Promise.resolve())
  }

  /** A signal that is never aborted, or some time. */
  signal(aborts: boolean): AbortSignal {
    const controller = new AbortController()
    this.controllers.push(controller)
    if (aborts) void this.moment().then(() => controller.abort(ENOUGH))
    return controller.signal
  }

  /** Something that must end, in whatever way a program may be told of. */
  begin(what: string, work: PromiseLike<unknown>): void {
    const name = `${(this.#begun += 1)} ${what}`
    this.#pending.add(name)
    void this.#settled(name, work)
  }

  /** X1: nobody else believes to be inside. */
  enter(lease: Holding, isExclusive: (other: Holding) => boolean): void {
    const { name, token } = lease
    for (const other of this.holdings) {
      if (other.name !== name) continue
      ok(token > other.token || !other.signal.aborted, `token ${token} of ${name} is not new`)
      if (isExclusive(other)) ok(other.signal.aborted, `two are inside ${name}`)
    }
    this.holdings.push(lease)
  }

  /** X1 of a lock that many may read: who writes is alone. The promise is kept as long as nobody's signal has aborted. */
  share(signal: AbortSignal, writes: boolean): Access {
    for (const other of this.accesses) {
      const clashes = (writes || other.writes) && !other.signal.aborted
      ok(!clashes, 'somebody writes, and is not alone')
    }
    const access = { signal, writes }
    this.accesses.push(access)
    return access
  }

  /** Reads a watch to its end. Until then what it said last is what is, whenever all is calm. */
  async follow(name: string, states: AsyncIterable<SemaphoreDescription | null>): Promise<void> {
    const followed = { name, last: '' }
    this.#followed.add(followed)
    try {
      for await (const state of states) followed.last = textOf(state)
    } finally {
      this.#followed.delete(followed)
    }
  }

  /** All that is on its way arrives; time stands still. */
  async drain(): Promise<void> {
    await this.clock.settle()
    while (this.#scheduler.count() > 0) {
      await this.#scheduler.waitNext(1)
      await this.clock.settle()
    }
    if (this.#failure !== null) throw this.#failure
  }

  async elapse(ms: number): Promise<void> {
    const endMs = this.clock.monotonicMs() + ms
    await this.drain()
    while (this.clock.monotonicMs() < endMs) {
      await this.clock.advance(Math.min(this.clock.nextMs, endMs - this.clock.monotonicMs()))
      await this.drain()
    }
  }

  /** Everything works again, and has time to find its way: then the server's books are those of the sessions. */
  async calm(): Promise<void> {
    this.network.isDown = false
    this.engine.letAll()
    this.engine.moods.length = 0
    // A node that has failed is loaded, and its sessions' time begins, when somebody asks for it.
    await this.#look()
    await this.elapse(CALM_MS)
    const believed = this.holdings.filter(({ signal }) => !signal.aborted)
    const tokens = believed.map(({ token }) => token).sort(ascending)
    const states = await this.#look()
    // Who has come to a barrier holds a place there while he waits for the others.
    states.delete('barrier')
    deepStrictEqual(ownersOf(states), tokens, 'the server holds something else than its clients')
    for (const { name, last } of this.#followed) {
      deepStrictEqual(last, textOf(states.get(name) ?? null), `what a watch of ${name} said last`)
    }
  }

  /** Ends all: nothing may be left pending, listening or ticking. */
  async end(): Promise<void> {
    for (const end of this.ends) this.begin('end', end())
    this.begin('close of the client', this.client.close())
    await this.elapse(CALM_MS)
    deepStrictEqual([...this.#pending], [])
    const listening = this.controllers.filter(
      ({ signal }) => getEventListeners(signal, 'abort').length > 0,
    )
    deepStrictEqual(listening.length, 0, 'somebody still listens to a signal')
    for (const { signal } of this.holdings) ok(signal.aborted)
    deepStrictEqual(ownersOf(await this.#look()), [])
    await Promise.all([this.#observer.close(), this.clock.settle()])
    deepStrictEqual(this.clock.holders, 0, 'the process is kept alive')
    deepStrictEqual(this.clock.timers, this.#serverClock.timers, 'a timer of the client is left')
    await Promise.all([this.#host.close(), this.clock.settle()])
    this.#serverClock.kill()
  }

  async #settled(name: string, work: PromiseLike<unknown>): Promise<void> {
    try {
      await work
    } catch (error) {
      if (error !== ENOUGH && !(error instanceof TenureError)) this.#failure ??= error
    }
    this.#pending.delete(name)
  }

  async #look(): Promise<Map<string, SemaphoreDescription | null>> {
    const looking = this.#observer.withSession(PATH, async (session) => {
      const states = new Map<string, SemaphoreDescription | null>()
      for (const name of NAMES) {
        const semaphore = session.semaphore(name)
        states.set(name, await semaphore.describe({ owners: true }).catch(() => null))
      }
      return states
    })
    for (let turn = 0; turn < LOOK_TURNS; turn += 1) await this.clock.settle()
    return (await Promise.race([looking, Promise.resolve(null)])) ?? fail('the server is stuck')
  }

  #link(): LocalLink {
    const use = { host: Promise.resolve(this.#host), release: async () => {} }
    return new LocalLink('memory:', use, this.clock)
  }
}

function ascending(one: bigint, other: bigint): number {
  return one < other ? -1 : 1
}

function ownersOf(states: ReadonlyMap<string, SemaphoreDescription | null>): bigint[] {
  const owners = [...states.values()].flatMap((state) => state?.owners ?? [])
  return owners.map(({ orderId }) => orderId).sort(ascending)
}

function textOf(state: SemaphoreDescription | null): string {
  return state === null ? 'absent' : stringify({ ...state, waiters: [] })
}
