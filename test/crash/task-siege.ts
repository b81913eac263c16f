/** Clients, handlers and their server, all of which are killed again and again while tasks are under way. */
import { setTimeout as pause } from 'node:timers/promises'
import { type Client, connect } from 'tenure'
import { between, type Draw, oneOf } from '../seed.ts'
import { TaskLedger } from './task-ledger.ts'
import { Teller } from './teller.ts'
import { Victim } from './victim.ts'

export interface SiegeTerms {
  readonly tasksPerSecond: number
  /** Whether it is enough. */
  readonly isOver: (kills: number, passedMs: number) => boolean
  /** Between two kills, at most. */
  readonly pauseMaxMs: number
  /** In how much time, when nobody is killed any more, everything that was begun has to be finished. */
  readonly calmMs: number
}

export interface Outcome {
  readonly breaches: readonly string[]
  readonly opened: number
  readonly finished: number
  readonly handOuts: number
  readonly kills: number
}

const PATH = '/local/tasks'
const THEMES = 3
const ORIGINATORS = 2
const HANDLERS = 2
const LOOK_MS = 250

type Kind = 'originator' | 'handler'

export async function besiegeTasks(terms: SiegeTerms, draw: Draw): Promise<Outcome> {
  await using server = await Victim.start()
  const siege = new Siege(server, terms)
  try {
    await siege.prepare()
    const beganMs = performance.now()
    for (let kills = 0; !terms.isOver(kills, performance.now() - beganMs); kills += 1) {
      await pause(between(draw, terms.pauseMaxMs / 4, terms.pauseMaxMs))
      await siege.kill(oneOf(draw, ['server', 'originator', 'handler', 'handler']), draw)
      siege.ledger.settle()
    }
    return await siege.calm()
  } finally {
    await siege.close()
  }
}

class Siege {
  readonly ledger = new TaskLedger()
  readonly #server: Victim
  readonly #terms: SiegeTerms
  readonly #client: Client
  readonly #running = new Map<Kind, Teller[]>([
    ['originator', []],
    ['handler', []],
  ])
  #tellers = 0
  #kills = 0

  constructor(server: Victim, terms: SiegeTerms) {
    this.#server = server
    this.#terms = terms
    this.#client = connect(server.address)
  }

  async prepare(): Promise<void> {
    await this.#client.createNode(PATH)
    const pipe = this.#client.pipe(PATH)
    for (let theme = 1; theme <= THEMES; theme += 1) {
      await pipe.configure(theme, {
        name: `theme ${theme}`,
        delaySeconds: 1,
        jitterSeconds: 0,
        concurrency: 1_000,
      })
    }
    const all: Teller[] = []
    for (let at = 0; at < ORIGINATORS; at += 1) all.push(this.#start('originator'))
    for (let at = 0; at < HANDLERS; at += 1) all.push(this.#start('handler'))
    await Promise.all(all.map(({ begun }) => begun))
  }

  async kill(whom: 'server' | Kind, draw: Draw): Promise<void> {
    this.#kills += 1
    if (whom === 'server') {
      await this.#server.end('SIGKILL')
      await this.#server.start()
      return
    }
    const running = this.#running.get(whom) ?? []
    const victim = oneOf(draw, running)
    running.splice(running.indexOf(victim), 1)
    victim.kill()
    await this.#start(whom).begun
    await victim.exit
  }

  /** Nobody is killed and nothing is opened any more: what was begun gets finished. */
  async calm(): Promise<Outcome> {
    const originators = this.#running.get('originator') ?? []
    for (const originator of originators) originator.finish()
    await Promise.all(originators.map(({ exit }) => exit))
    const pipe = this.#client.pipe(PATH)
    const deadline = performance.now() + this.#terms.calmMs
    let left = Infinity
    while (left > 0 && performance.now() < deadline) {
      await pause(LOOK_MS)
      const themes = await pipe.themes()
      left = themes.reduce((sum, { active, stored, dead }) => sum + active + stored + dead, 0)
    }
    const handlers = this.#running.get('handler') ?? []
    for (const handler of handlers) handler.finish()
    await Promise.all(handlers.map(({ exit }) => exit))
    const { ledger } = this
    if (left > 0) ledger.breaches.push(`${left} tasks are left`)
    for (const id of ledger.unfinished) ledger.breaches.push(`${id}: nobody has finished it`)
    ledger.settle(true)
    const { breaches, opened, finished, handOuts } = ledger
    return { breaches, opened, finished, handOuts, kills: this.#kills }
  }

  async close(): Promise<void> {
    const all = [...this.#running.values()].flat()
    for (const teller of all) teller.kill()
    await Promise.all(all.map(({ exit }) => exit))
    await this.#client.close()
  }

  #start(kind: Kind): Teller {
    this.#tellers += 1
    const file = `test/crash/children/${kind}.ts`
    const rate = this.#terms.tasksPerSecond / ORIGINATORS
    const words = kind === 'originator' ? [`${kind}${this.#tellers}`, String(rate)] : ([] as const)
    const teller = new Teller(
      this.#tellers,
      [file, this.#server.address, PATH, ...words, String(THEMES)],
      this.ledger.hear,
    )
    this.#running.get(kind)?.push(teller)
    return teller
  }
}
