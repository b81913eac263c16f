/**
 * The whole product in one thread: an engine, servers on it, and programs with a session each, on a clock that a test moves.
 */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { Client, type Random, type Session } from '@tenure/client'
import { Host } from '@tenure/server'
import { drawOf } from '../../../../test/seed.ts'
import { MoodyEngine } from '../../../server/test/tablet/moody-engine.ts'
import { LocalLink } from '../../src/local/local-link.ts'
import { CutLink } from './cut-link.ts'
import { Books, furnish, NAMES } from './books.ts'
import type { Model } from './model.ts'
import { GRAIN_MS } from './grain.ts'
import { Program } from './program.ts'
import type { Fault, Stage } from './stage.ts'
import { ProcessClock, WorldClock } from './world-clock.ts'

const PATH = '/local/world'
export const SESSION_TIMEOUT_MS = 10_000
/** By when everybody has found his way to a server that works. */
export const RECOVERY_MS = 3_000

const PROGRAMS_AT_FIRST = 3

/** How late the creation of a semaphore is seen at most. */
const POLL_MS = 10 * GRAIN_MS

/** How long commits take, or find no room. */
const TROUBLE_MS = 10 * GRAIN_MS

/** The pause before an attempt is at most the first one's. */
const OBSERVER_PAUSE_MS = 50

export type HostEnd = 'stops' | 'is killed' | 'lives on'

export class World implements Stage {
  readonly clock: WorldClock = new WorldClock()
  readonly engine: MoodyEngine = new MoodyEngine()
  readonly programs: Program[] = []
  readonly #random: Random
  readonly #hosts = new Map<Host, ProcessClock>()
  readonly #links: CutLink[] = []
  readonly #clients: Client[] = []
  readonly #books = new Books()
  readonly #isForeign: boolean
  #host: Host
  #observer: Session | null = null

  /** @param isForeign the server is one of YDB's, as far as programs can tell */
  constructor(seed: number, isForeign: boolean) {
    this.#isForeign = isForeign
    const fraction = drawOf(seed)
    const bytes = (length: number): Uint8Array =>
      Uint8Array.from({ length }, () => fraction() * 256)
    this.#random = { fraction, bytes }
    this.#host = this.#start()
  }

  /** Some programs, and some semaphores for them. */
  async begin(model: Model): Promise<void> {
    this.#observer = await this.#open(this.#client(), { createNode: true })
    await Promise.all([furnish(model, this.#observer), this.clock.settle()])
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

  get nowMs(): number {
    return this.clock.monotonicMs()
  }

  async spoil(fault: Fault): Promise<void> {
    const { engine } = this
    if (fault === 'fails-before' || fault === 'fails-after') engine.moods.push(fault)
    if (fault === 'fenced') await this.replaceHost('lives on')
    engine.holding = fault === 'slow'
    engine.full = fault === 'full'
  }

  async mend(fault: Fault, program: number): Promise<void> {
    const { engine } = this
    if (fault === 'breaks') this.link(program).break()
    await this.clock.settle()
    if (engine.holding || engine.full) await this.advance(TROUBLE_MS)
    engine.letAll()
    engine.full = false
    if (fault !== 'none') await this.advance(RECOVERY_MS)
    engine.moods.length = 0
  }

  link(program: number): CutLink {
    // The observer's comes first.
    const link = this.#links[program + 1]
    if (link === undefined) throw new Error(`there is no program ${program}`)
    return link
  }

  /** Another server takes over; the present one ends well, or does not know that it ended, or believes to be in charge. */
  async replaceHost(how: HostEnd): Promise<void> {
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
    try {
      await this.#verify(model)
    } catch (error) {
      if (!this.#isForeign) throw error
      // Without a watch for a creation it is seen some time later.
      await this.advance(POLL_MS)
      model.advance(this.nowMs)
      await this.#verify(model)
    }
  }

  async #verify(model: Model): Promise<void> {
    await this.clock.settle()
    deepStrictEqual(this.nowMs, model.nowMs)
    ok(this.#observer !== null)
    const looking = this.#books.verify(model, { programs: this.programs, observer: this.#observer })
    await Promise.all([looking, this.#settleOften()])
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

  /** An observer asks for one name after the other. */
  async #settleOften(): Promise<void> {
    for (let turn = 0; turn <= NAMES.length; turn += 1) await this.clock.settle()
  }

  #client(): Client {
    const hostNow = (): Host => this.#host
    const use = {
      get host(): Promise<Host> {
        return Promise.resolve(hostNow())
      },
      release: () => Promise.resolve(),
    }
    const link = new CutLink(new LocalLink('memory:', use, this.clock), this.#isForeign)
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
