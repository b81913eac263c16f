/** A client process of the run, with the programs in it: killed and started again like any process. */
import {
  type Client,
  clientOver,
  type Dial,
  type Link,
  type LinkOptions,
  ServerLink,
  YdbLink,
} from '@tenure/client'
import { clientClock, clientRandom } from '../machine/clocks.ts'
import { Process } from '../machine/process.ts'
import { SimulatedChannel } from '../network/channel.ts'
import type { Random } from '../random.ts'
import type { Scene } from '../scene.ts'
import { Desk, type Program } from '../programs/program.ts'

/** `own`: Tenure's, and YDB's where a server speaks only that. */
type Protocol = 'own' | 'ydb'

export interface ClientOptions {
  readonly name: string
  /** Addresses of the servers, by comma, in the order of preference. */
  readonly servers: string
  readonly protocol: Protocol
  readonly rate: number
  readonly lagMs: number
  readonly programs: readonly Program[]
}

export class ClientParty {
  readonly name: string
  readonly #world: Scene
  readonly #options: ClientOptions
  readonly #random: Random
  #process: Process | null = null
  #desks: readonly Desk[] = []
  #starts = 0
  #client: Client | null = null

  constructor(world: Scene, options: ClientOptions) {
    this.#world = world
    this.#options = options
    this.name = options.name
    this.#random = world.random.fork(options.name)
  }

  get process(): Process | null {
    return this.#process?.alive === true ? this.#process : null
  }

  /** Of its present life. */
  get desks(): readonly Desk[] {
    return this.#desks
  }

  start(): void {
    if (this.process !== null) return
    const { schedule, network, trace } = this.#world
    const { rate, lagMs, servers, protocol, programs } = this.#options
    this.#starts += 1
    const random = this.#random.fork(`start ${this.#starts}`)
    trace.note(this.name, 'starts')
    const process = new Process({ name: this.name, schedule, random, rate, lagMs })
    this.#process = process
    const clock = clientClock(process)
    const dial: Dial = (host) =>
      new SimulatedChannel({
        network,
        process,
        host,
        sent: (request) => this.#world.judge.registers.sent(this.name, request),
      })
    const link = linkOf(protocol, `grpc://${servers}/local`, { clock, dial })
    const client = clientOver(link, { clock, random: clientRandom(random.fork('product')) })
    this.#client = client
    this.#desks = programs.map(
      (program) =>
        new Desk({
          world: this.#world,
          process,
          client,
          link,
          program,
          random: random.fork(program.name),
          writer: `${this.name}.${this.#starts}`,
        }),
    )
    process.input(() => {
      for (const desk of this.#desks) desk.work()
    })
  }

  /** All its programs are done: it leaves in good order. */
  leaveWhenDone(): void {
    const client = this.#client
    if (client === null || this.process === null || this.#desks.some(({ isDone }) => !isDone))
      return
    this.#client = null
    void client.close()
  }

  kill(isMachineLost: boolean): void {
    const { process } = this
    if (process === null) return
    this.#world.trace.note(this.name, isMachineLost ? 'is lost with its machine' : 'is killed')
    process.crash()
    this.#world.network.died(process, isMachineLost)
  }
}

/** Which protocol a client speaks that could do with either. */
export function protocolOf(random: Random): Protocol {
  return random.chance(0.5) ? 'own' : 'ydb'
}

function linkOf(protocol: Protocol, address: string, options: LinkOptions): Link {
  return protocol === 'own' ? new ServerLink(address, options) : new YdbLink(address, options)
}
