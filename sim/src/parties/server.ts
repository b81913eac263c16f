/** A server of the run: started, killed and started again on one address, over the storage that outlives it. */
import {
  Accounts,
  Deliveries,
  Host,
  type Log,
  type LogFields,
  NO_NEIGHBOURS,
  type ServiceContext,
  unaryMethods,
} from '@tenure/server'
import { serverClock, serverRandom } from '../machine/clocks.ts'
import { Process } from '../machine/process.ts'
import { heardNode } from '../network/delivery-reports.ts'
import { Face } from '../network/face.ts'
import type { Random } from '../random.ts'
import type { Mark } from '../report/marks.ts'
import type { Scene } from '../scene.ts'
import { TaskHouse } from './task-house.ts'

export interface ServerOptions {
  readonly name: string
  readonly address: string
  readonly rate: number
  readonly lagMs: number
  readonly speaksOwn: boolean
}

const DATABASE = '/local'
/** What a server says of itself. */
const MARK_OF_LOG: ReadonlyMap<string, Mark> = new Map<string, Mark>([
  ['the engine has no room', 'a node runs out of room'],
  ['the engine has room again', 'a node has room again'],
  ['the tablet failed', 'a node fails and is loaded anew'],
  ['another server owns the node', 'a server learns that it lost its node'],
  ['a node could not be reached', 'a client asks for a node that cannot be loaded'],
])
/** A process takes so long from its start until it listens. */
const START_MIN_MS = 20
const START_MAX_MS = 400

export class Server {
  readonly name: string
  readonly address: string
  readonly #world: Scene
  readonly #options: ServerOptions
  readonly #random: Random
  #process: Process | null = null
  #host: Host | null = null
  #deliveries: Deliveries | null = null
  #starts = 0
  #isStarting = false
  #isStopping = false
  #startsAgain = false
  #isRetired = false

  constructor(world: Scene, options: ServerOptions) {
    this.#world = world
    this.#options = options
    this.name = options.name
    this.address = options.address
    this.#random = world.random.fork(options.name)
  }

  get process(): Process | null {
    return this.#process?.alive === true ? this.#process : null
  }

  get isUp(): boolean {
    return this.process !== null
  }

  /** Starts it, or as soon as the present process has stopped. */
  start(): void {
    if (this.#isRetired) return
    this.#startsAgain = this.#isStopping
    if (this.isUp || this.#isStarting) return
    const { schedule, trace } = this.#world
    this.#isStarting = true
    schedule.after(this.#random.between(START_MIN_MS, START_MAX_MS), () => {
      this.#isStarting = false
      if (this.isUp || this.#isRetired) return
      trace.note(this.name, 'starts')
      this.#listen()
    })
  }

  /** kill -9, at once or at one of its next ways out; with the machine, nobody is left to tell. */
  kill(isMachineLost: boolean): void {
    const { process } = this
    if (process === null) return
    this.#world.trace.note(this.name, isMachineLost ? 'is lost with its machine' : 'is killed')
    process.crash()
    this.#world.network.died(process, isMachineLost)
  }

  /** Ends it for good, also when it is about to start. */
  retire(): void {
    this.#isRetired = true
    this.#startsAgain = false
    this.kill(false)
  }

  /** SIGTERM: what was accepted is answered, then the process ends. A paused process hears of it when it goes on. */
  stop(): void {
    const { process } = this
    if (process === null || this.#isStopping) return
    this.#world.trace.note(this.name, 'is told to stop')
    this.#isStopping = true
    if (process.paused) this.#world.marks.reached('a server is told to stop in its sleep')
    process.input(() => {
      this.#world.judge.requests.stopping(process)
      void this.#stop(process)
    })
  }

  async #stop(process: Process): Promise<void> {
    this.#world.network.unlisten(this.address)
    this.#deliveries?.stop()
    await this.#host?.close()
    // The last words are sent before the process goes.
    process.after(1, () => {
      this.#world.trace.note(this.name, 'has stopped')
      this.#world.marks.reached('a server stops in good order')
      process.crash()
      this.#world.network.died(process, false)
    })
  }

  #ended(process: Process): void {
    this.#world.judge.sessions.crashed(process)
    this.#isStopping = false
    if (!this.#startsAgain) return
    this.#startsAgain = false
    this.#world.schedule.after(0, () => this.start())
  }

  #listen(): void {
    const { schedule, network, storage, judge, marks, settings } = this.#world
    const { kernelLimits } = settings
    const { rate, lagMs, name, speaksOwn } = this.#options
    this.#starts += 1
    const random = this.#random.fork(`start ${this.#starts}`)
    const process = new Process({ name, schedule, random, rate, lagMs })
    this.#process = process
    const clock = serverClock(process, this.#world.wall)
    const chance = serverRandom(random.fork('product'))
    const log = this.#log()
    const owner = { id: `${name}-${this.#starts}`, address: this.address }
    const engine = storage.engineOf(process)
    const deliveries = new Deliveries({
      clock,
      random: chance,
      log,
      dial: () => new TaskHouse(this.#world, process, random.fork('house')),
    })
    const host = new Host({
      engine,
      clock,
      random: chance,
      owner,
      log,
      kernelLimits,
      themesChanged: (path, themes) => deliveries.themesChanged(path, themes),
    })
    this.#host = host
    this.#deliveries = deliveries
    const context: ServiceContext = {
      host,
      clock,
      random: chance,
      log,
      database: DATABASE,
      accounts: new Accounts({}, clock, chance),
      neighbours: NO_NEIGHBOURS,
    }
    const methods = new Map(unaryMethods(context).map((method) => [method.path, method]))
    const observer = judge.watch(process)
    const nowMs = (): number => schedule.nowMs
    const face = { context, methods, observer, marks, speaksOwn, nowMs }
    network.listen(this.address, process, (end) => new Face(face, end))
    process.onCrash(() => this.#ended(process))
    if (settings.themes.length === 0) return
    deliveries.start({
      node: async (path, options) => {
        const node = await host.node(path, options)
        return typeof node === 'string' ? node : heardNode(node, { observer, nowMs })
      },
      themed: () => host.themed(),
    })
  }

  #log(): Log {
    const { trace, judge, marks } = this.#world
    const process = this.#process
    const say = (message: string, fields: LogFields = {}): void => {
      const reason = String(fields['reason'] ?? '')
      trace.note(this.name, reason === '' ? message : `${message}: ${reason}`)
      const mark = MARK_OF_LOG.get(message)
      if (mark !== undefined) marks.reached(mark)
      if (mark !== undefined && process !== null) judge.requests.failing(process)
    }
    return {
      info: say,
      warn: say,
      error(message, fields) {
        say(message, fields)
        judge.logged(message, String(fields?.['reason'] ?? ''))
      },
    }
  }
}
