/** The shop of examples/order as processes of their own, which are killed while orders are under way; and whether all of them were finished. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect } from 'tenure'
import { STEPS } from '../../examples/order/services.ts'
import { openPipe, ORDER, type Point } from '../../examples/order/shop.ts'
import { NotServing } from '../built-server.ts'
import { afterTest } from '../leftovers.ts'
import { wordsOf } from '../prebuilt/words.ts'
import type { Exit } from '../program.ts'
import { Victim } from './victim.ts'

const PROGRAMS = 'examples/dist/order'
/** Where a client or a handler may die. */
export const STOP_POINTS: readonly Point[] = [
  'begun',
  ...STEPS.flatMap((step) => [`asked-${step}`, `noted-${step}`] as const),
]
const LOOK_MS = 100

interface Part {
  readonly exit: Promise<Exit>
  end(): Promise<Exit>
}

export class OrderShop implements AsyncDisposable {
  /** Of how many steps it was not known that they were done. */
  askedAgain = 0
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'tenure-shop-'))
  readonly #server: Victim
  readonly #orders: string[] = []
  readonly #breaches: string[] = []
  #handler: Part | null = null

  private constructor(server: Victim) {
    this.#server = server
  }

  static async open(): Promise<OrderShop> {
    const shop = new OrderShop(await Victim.start())
    await using client = connect(shop.#server.address)
    await openPipe(client)
    return shop
  }

  /** Kills a client at each point, and a handler at each point. */
  async killParts(points: {
    readonly client: readonly Point[]
    readonly handler: readonly Point[]
  }): Promise<void> {
    await this.#begin(points.handler.map((point) => `handled-${point}`))
    const clients = points.client.map((point) => this.#client([`placed-${point}`], point))
    // Each dies of the first of these orders that comes to it.
    const handlers = points.handler.map((point) => this.#part('handler', [], point))
    for (const { exit } of [...clients, ...handlers]) {
      const { code, signal } = await exit
      if (signal !== 'SIGKILL') this.#breaches.push(`ended with ${code}, not killed`)
    }
  }

  /** Kills the server at each of these crash points, with a client and a handler at work. */
  async killServer(crashPoints: readonly string[]): Promise<void> {
    this.#handler ??= this.#part('handler')
    for (const point of crashPoints) {
      await this.#server.end('SIGKILL')
      await this.#startDying(point)
      const client = this.#client([1, 2, 3, 4].map((number) => `${point}-${number}`))
      const first = await Promise.race([this.#server.exit, client.exit])
      if (first.signal !== 'SIGKILL') this.#breaches.push(`the server did not die at ${point}`)
      await this.#server.end('SIGKILL')
      await this.#server.start()
      await client.exit
    }
  }

  /** It may die before it serves. */
  async #startDying(point: string): Promise<void> {
    try {
      await this.#server.start({ environment: { TENURE_CRASH_AT: point } })
    } catch (error) {
      if (!(error instanceof NotServing)) throw error
    }
  }

  /** Lets a handler finish what is left. @returns what is wrong, in sentences */
  async finish(): Promise<readonly string[]> {
    this.#handler ??= this.#part('handler')
    await using client = connect(this.#server.address)
    const pipe = client.pipe('/local/shop')
    for (;;) {
      const [theme] = await pipe.themes()
      if (theme === undefined || theme.dead > 0) throw new Error('an order is dead')
      if (theme.active + theme.stored === 0) break
      await pause(LOOK_MS)
    }
    await this.#handler.end()
    this.#judge()
    return this.#breaches
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Orders that nobody has done anything for yet. */
  async #begin(orders: readonly string[]): Promise<void> {
    this.#orders.push(...orders)
    await using client = connect(this.#server.address)
    const pipe = client.pipe('/local/shop')
    for (const order of orders) await (await pipe.open(ORDER, order)).store()
  }

  #client(orders: readonly string[], stopAt?: Point): Part {
    this.#orders.push(...orders)
    return this.#part('client', orders, stopAt)
  }

  /** Started anew whenever it fails, as any service is: while its server is away it cannot begin. */
  #part(program: 'client' | 'handler', words: readonly string[] = [], stopAt?: Point): Part {
    const line = [
      ...wordsOf(`${PROGRAMS}/${program}.js`),
      this.#server.address,
      this.#folder,
      ...words,
    ]
    let child: ChildProcess | null = null
    let isOver = false
    const run = async (): Promise<Exit> => {
      for (;;) {
        child = spawn(process.execPath, line, {
          stdio: 'ignore',
          env: { ...process.env, ...(stopAt === undefined ? {} : { ORDER_STOP_AT: stopAt }) },
        })
        const exit = await exitOf(child)
        if (isOver || exit.signal !== null || exit.code === 0) return exit
      }
    }
    const exit = run()
    const end = (signal: NodeJS.Signals): Promise<Exit> => {
      isOver = true
      child?.kill(signal)
      return exit
    }
    afterTest(async () => {
      await end('SIGKILL')
    })
    return { exit, end: () => end('SIGTERM') }
  }

  #judge(): void {
    const requests = readFileSync(join(this.#folder, 'requests'), 'utf8').trim().split('\n')
    for (const step of STEPS) {
      const done = readdirSync(join(this.#folder, step))
      const missed = this.#orders.filter((order) => !done.includes(order))
      this.#breaches.push(...missed.map((order) => `${order}: nobody has done ${step}`))
      if (done.length !== this.#orders.length) this.#breaches.push(`${done.length} times ${step}`)
    }
    this.askedAgain = requests.length - STEPS.length * this.#orders.length
  }
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}
