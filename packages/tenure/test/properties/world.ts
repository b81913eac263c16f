/**
 * The whole product in one thread: an engine, servers on it, and programs with a session each, on a clock that a test moves.
 */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { Client, type Session } from '@tenure/client'
import { Host } from '@tenure/server'
import { MoodyEngine } from '../../../server/test/tablet/moody-engine.ts'
import { LocalLink } from '../../src/local/local-link.ts'
import { CutLink } from './cut-link.ts'
import { EPHEMERAL, type Model } from './model.ts'
import { Chance } from './chance.ts'
import { Program } from './program.ts'
import { ProcessClock, WorldClock } from './world-clock.ts'

export const PATH = '/local/world'
export const SESSION_TIMEOUT_MS = 10_000
/** By when everybody has found his way to a server that works. */
export const RECOVERY_MS = 3_000

const AT_FIRST = [
  ['p', 3n],
  ['q', 1n],
] as const
const PROGRAMS_AT_FIRST = 3

export const NAMES: readonly string[] = [...AT_FIRST.map(([name]) => name), EPHEMERAL]

/** The pause before an attempt is at most the first one's. */
const OBSERVER_PAUSE_MS = 50

export class World {
  readonly clock: WorldClock = new WorldClock()
  readonly engine: MoodyEngine = new MoodyEngine()
  readonly programs: Program[] = []
  readonly #random: Chance
  readonly #hosts = new Map<Host, ProcessClock>()
  readonly #links: CutLink[] = []
  readonly #clients: Client[] = []
  readonly #granted = new Set<bigint>()
  readonly #lastTokens = new Map<string, bigint>()
  #host: Host
  #observer: Session | null = null

  constructor(seed: number) {
    this.#random = new Chance(seed)
    this.#host = this.#start()
  }

  /** Some programs, and some semaphores for them. */
  async begin(model: Model): Promise<void> {
    this.#observer = await this.#open(this.#client(), { createNode: true })
    for (const [name, limit] of AT_FIRST) {
      model.create(name, limit, '')
      await Promise.all([this.#observer.semaphore(name).create({ limit }), this.clock.settle()])
    }
    for (let program = 0; program < PROGRAMS_AT_FIRST; program += 1) {
      model.open()
      await this.join()
    }
  }

  /** A program of its own, with a session. */
  async join(): Promise<void> {
    const session = await this.#open(this.#client(), {})
    this.programs.push(new Program(session))
  }

  link(program: number): CutLink {
    // The observer's comes first.
    const link = this.#links[program + 1]
    if (link === undefined) throw new Error(`there is no program ${program}`)
    return link
  }

  /** Another server takes over; the present one ends well, or does not know that it ended, or believes to be in charge. */
  async replaceHost(how: 'stops' | 'is killed' | 'lives on'): Promise<void> {
    const old = this.#host
    this.#host = this.#start()
    if (how === 'lives on') {
      // The observer comes to the new server, which takes the node; the programs have still to hear of it.
      this.#links[0]?.break()
      await this.advance(OBSERVER_PAUSE_MS)
      return
    }
    if (how === 'stops') await Promise.all([old.close(), this.clock.advance(0)])
    this.#hosts.get(old)?.kill()
    this.#hosts.delete(old)
    if (how === 'is killed') for (const link of this.#links) link.break()
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms)
  }

  /** Compares what every program and an observer know with what they should know. */
  async verify(model: Model): Promise<void> {
    await this.clock.settle()
    deepStrictEqual(this.clock.monotonicMs(), model.nowMs)
    for (const [index, program] of this.programs.entries()) {
      const session = model.sessions[index]
      ok(session !== undefined)
      deepStrictEqual(program.session.signal.aborted, session.isOver)
      program.verify(model, session)
    }
    for (const name of NAMES) {
      this.#verifyTokens(model, name)
      await this.#verifyName(model, name)
    }
  }

  /** Ends all, and looks for what was left behind. */
  async end(): Promise<void> {
    await Promise.all([...this.#clients.map((client) => client.close()), this.advance(RECOVERY_MS)])
    await this.clock.settle()
    for (const program of this.programs) program.verifyEnd()
    deepStrictEqual(this.clock.holders, 0, 'somebody still keeps the process alive')
    await Promise.all([...[...this.#hosts.keys()].map((host) => host.close()), this.advance(0)])
    deepStrictEqual(this.clock.timers, 0, 'a timer was left')
  }

  /** X2: whoever owns since the last look has a greater token than all before. */
  #verifyTokens(model: Model, name: string): void {
    for (const { task, owns } of model.places(name)) {
      const token = this.programs[task.session.index]?.find(task).lease?.token
      if (!owns || token === undefined || this.#granted.has(token)) continue
      const last = this.#lastTokens.get(name) ?? 0n
      ok(token > last, `token ${token} of ${name} comes after ${last}`)
      this.#granted.add(token)
      this.#lastTokens.set(name, token)
    }
  }

  async #verifyName(model: Model, name: string): Promise<void> {
    const seen = await this.#described(name)
    const semaphore = model.semaphores.get(name)
    if (semaphore === undefined) return deepStrictEqual(seen, null)
    const holders = semaphore.places.map(({ task, owns }) => ({
      session: this.programs[task.session.index]?.session.id,
      count: task.count,
      data: task.data,
      owns,
    }))
    deepStrictEqual(seen, { limit: semaphore.limit, data: semaphore.data, holders })
  }

  async #described(name: string): Promise<object | null> {
    const semaphore = this.#observer?.semaphore(name)
    const looking = semaphore?.describe({ owners: true, waiters: true }).catch(() => null)
    await this.clock.settle()
    const seen = await looking
    if (seen === null || seen === undefined) return null
    const holders = [...seen.owners, ...seen.waiters].map((holder, index) => ({
      session: holder.sessionId,
      count: holder.count,
      data: Buffer.from(holder.data).toString(),
      owns: index < seen.owners.length,
    }))
    return { limit: seen.limit, data: Buffer.from(seen.data).toString(), holders }
  }

  #client(): Client {
    const hostNow = (): Host => this.#host
    const use = {
      get host(): Promise<Host> {
        return Promise.resolve(hostNow())
      },
      release: () => Promise.resolve(),
    }
    const link = new CutLink(new LocalLink('memory:', use, this.clock))
    this.#links.push(link)
    const client = new Client(link, { clock: this.clock, random: this.#random })
    this.#clients.push(client)
    return client
  }

  async #open(client: Client, options: { createNode?: boolean }): Promise<Session> {
    const times = { timeout: SESSION_TIMEOUT_MS, closeTimeout: RECOVERY_MS }
    const opening = client.openSession(PATH, { ...times, ...options })
    await this.clock.settle()
    return opening
  }

  #start(): Host {
    const clock = new ProcessClock(this.clock)
    const host = new Host({
      engine: this.engine,
      clock,
      owner: { id: `host-${this.#hosts.size}`, address: '' },
    })
    this.#hosts.set(host, clock)
    return host
  }
}
