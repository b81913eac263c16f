/** Several servers on one engine under the storm: each fault meets one of them. */
import type { Besieged } from './victim.ts'
import { Victim } from './victim.ts'

/** In which a server that fell silent is missed, as the options say it. */
const NOTICE = '2s'
/** The same, with the time to load the node and to give an old claim up. */
const UNREST_MS = 4_500

export class Crew implements Besieged, AsyncDisposable {
  readonly unrestMs = UNREST_MS
  readonly #victims: readonly Victim[]
  readonly #ports = new Map<Victim, number>()
  readonly #down = new Set<Victim>()
  #turn = 0

  /** @param engine as `tenure serve` takes it */
  constructor(engine: string, size: number) {
    const where = ['--engine', engine, '--notice', NOTICE]
    this.#victims = Array.from({ length: size }, () => new Victim(where))
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

  pause(): void {
    this.#next().pause()
  }

  resume(): void {
    for (const victim of this.#victims) victim.resume()
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
