/** Several servers on one engine under the storm: each fault meets one of them, or what lies between it and the others. */
import type { Proxy } from '../../proxy.ts'
import type { Besieged } from './victim.ts'
import { Victim } from './victim.ts'

/** In which a server that fell silent is missed, as the options say it. */
const NOTICE = '2s'
/** The same, with the time to load the node and to give an old claim up. */
const UNREST_MS = 4_500

/** One server of several. */
export interface Post {
  /** What `tenure serve` is told besides. */
  readonly words: readonly string[]
  /** What lies between it and each member of the engine, and between it and the other servers. */
  readonly ways: readonly Proxy[]
}

export class Crew implements Besieged, AsyncDisposable {
  readonly unrestMs = UNREST_MS
  readonly #victims: readonly Victim[]
  readonly #ports = new Map<Victim, number>()
  readonly #down = new Set<Victim>()
  readonly #ways: ReadonlyMap<Victim, readonly Proxy[]>
  #turn = 0
  #pauses = 0

  constructor(posts: readonly Post[]) {
    const notice = ['--notice', NOTICE]
    this.#ways = new Map(posts.map(({ words, ways }) => [new Victim([...words, ...notice]), ways]))
    this.#victims = [...this.#ways.keys()]
    for (const victim of this.#victims) this.#down.add(victim)
  }

  get pids(): readonly number[] {
    return this.#victims.flatMap(({ pids }) => pids)
  }

  get words(): string {
    return this.#victims.map(({ words }, index) => `server ${index}:\n${words}`).join('\n')
  }

  async start(): Promise<readonly number[]> {
    const starting = [...this.#down].map(async (victim) => {
      const [port = 0] = await victim.start()
      this.#ports.set(victim, port)
    })
    this.#down.clear()
    await Promise.all(starting)
    return [...this.#ports.values()]
  }

  assertAlive(): void {
    for (const victim of this.#victims) if (!this.#down.has(victim)) victim.assertAlive()
  }

  async kill(): Promise<void> {
    const victim = this.#next()
    this.#down.add(victim)
    await victim.kill()
  }

  async stop(): Promise<void> {
    const victim = this.#next()
    this.#down.add(victim)
    await victim.stop()
  }

  /** Stops it, or some of what lies around it: to the others it is the same. */
  pause(): void {
    const victim = this.#next()
    const ways = this.#ways.get(victim) ?? []
    this.#pauses += 1
    if (ways.length === 0 || this.#pauses % 2 === 0) victim.pause()
    else for (const way of partOf(ways, this.#pauses >> 1)) divide(way)
  }

  resume(): void {
    for (const victim of this.#victims) victim.resume()
    for (const ways of this.#ways.values()) for (const way of ways) way.restore()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#victims.map((victim) => victim[Symbol.asyncDispose]()))
  }

  /** Each in its turn: the storm has chance enough. */
  #next(): Victim {
    this.#turn += 1
    const victim = this.#victims[this.#turn % this.#victims.length]
    if (victim === undefined) throw new RangeError('a crew has servers')
    return victim
  }
}

/** In turn: all that leads to the engine, the way of the other servers, all but one member of the engine, everything. */
function partOf(ways: readonly Proxy[], turn: number): readonly Proxy[] {
  const members = ways.slice(0, -1)
  const parts = [members, ways.slice(-1), members.slice(0, -1), ways]
  return parts[turn % parts.length] ?? ways
}

/** What is on its way arrives when it is over. */
function divide(way: Proxy): void {
  way.stall('up')
  way.stall('down')
}
