/**
 * One theme of one node, as long as one session lasts: has as many tasks handed out as its destination takes, and sends each on its
 * errand.
 */
import type { TaskHandedOut, ThemeConfig } from '@tenure/kernel'
import type { Clock, Timer } from '../../clock.ts'
import type { Log } from '../../log.ts'
import type { Destination } from './destination.ts'
import type { Destinations } from './destinations.ts'
import type { EndpointAddress } from './endpoint.ts'
import { ErrandRun } from './errand-run.ts'
import { RETRY_MAX_MS } from './limits.ts'
import { NodeLostError } from './node-session.ts'
import type { NodeSession } from './node-session.ts'

export interface ThemeDeliveryPorts {
  readonly path: string
  readonly session: NodeSession
  readonly destinations: Destinations
  readonly clock: Clock
  readonly log: Log
  /** The theme has no handler any more, and nothing of it is out. */
  idle(): void
}

/** A theme, and where its tasks go; null for nowhere. */
export interface Assignment {
  readonly config: ThemeConfig
  readonly address: EndpointAddress | null
}

/** To where tasks go, or went until the theme was given another handler. */
interface Way {
  readonly destination: Destination
  /** At that destination. */
  address: EndpointAddress
  unfollow: () => void
  /** Hand-outs under way. */
  out: number
}

interface Handling {
  readonly number: bigint
  readonly concurrency: number
  readonly way: Way
}

export class ThemeDelivery {
  readonly #theme: number
  readonly #ports: ThemeDeliveryPorts
  readonly #runs = new Set<ErrandRun>()
  readonly #ways = new Set<Way>()
  #config: ThemeConfig
  /** Where tasks are to go; null for nowhere. */
  #way: Way | null = null
  #handling: Handling | null = null
  #retry: Timer | null = null
  #isAdjusting = false
  #isOver = false

  constructor(assignment: Assignment, ports: ThemeDeliveryPorts) {
    this.#theme = assignment.config.theme
    this.#config = assignment.config
    this.#ports = ports
    this.assign(assignment)
  }

  /** Whether nothing is out, and nothing is asked for. */
  get isIdle(): boolean {
    return this.#handling === null && !this.#isAdjusting && this.#runs.size === 0
  }

  /** What is out stays where it is. */
  assign({ config, address }: Assignment): void {
    this.#config = config
    if (address === null) this.#way = null
    else if (this.#way?.destination.origin === address.origin) this.#way.address = address
    else this.#way = this.#wayTo(address)
    this.#adjust()
  }

  /** The session is over: what is out is lost. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#retry?.cancel()
    for (const run of this.#runs) run.callOff()
    for (const way of this.#ways) this.#leave(way)
  }

  #wayTo(address: EndpointAddress): Way {
    const destination = this.#ports.destinations.at(address)
    const way: Way = { destination, address, unfollow: () => {}, out: 0 }
    this.#ways.add(way)
    way.unfollow = destination.follow(() => this.#adjust())
    return way
  }

  #leave(way: Way): void {
    this.#ways.delete(way)
    way.unfollow()
    this.#ports.destinations.leave(way.destination)
  }

  /** Leaves the ways that nothing goes any more. */
  #tidy(): void {
    for (const way of this.#ways) {
      if (way !== this.#way && way !== this.#handling?.way && way.out === 0) this.#leave(way)
    }
    if (this.isIdle && this.#way === null) this.#ports.idle()
  }

  /** How many tasks are wanted at the same time at present. */
  get #wanted(): number {
    const places = this.#way?.destination.places ?? 0
    return Math.min(places, this.#config.concurrency)
  }

  #adjust(): void {
    if (this.#isAdjusting || this.#isOver) return
    this.#isAdjusting = true
    void this.#adjusted()
  }

  /** One change after the other, until what is asked for is what is wanted. */
  async #adjusted(): Promise<void> {
    try {
      while (!this.#isOver && !this.#isAsWanted) {
        if (!(await this.#change())) break
      }
    } catch (error) {
      if (!(error instanceof NodeLostError)) throw error
    } finally {
      this.#isAdjusting = false
    }
    if (!this.#isOver) this.#tidy()
  }

  get #isAsWanted(): boolean {
    if (this.#handling === null) return this.#wanted === 0
    return this.#handling.concurrency === this.#wanted && this.#handling.way === this.#way
  }

  /** @returns false when the node does not want it so */
  async #change(): Promise<boolean> {
    const { session, clock } = this.#ports
    if (this.#handling !== null) {
      await session.stopHandling(this.#handling.number)
      this.#handling = null
      return true
    }
    const way = this.#way
    const concurrency = this.#wanted
    if (way === null) return true
    const wish = { theme: this.#theme, concurrency }
    const number = await session.handle(wish, (task) => this.#send(task, way))
    if (number !== null) this.#handling = { number, concurrency, way }
    else this.#retry = clock.after(RETRY_MAX_MS, () => this.#adjust())
    return number !== null
  }

  #send(handedOut: TaskHandedOut, way: Way): void {
    if (this.#isOver) return
    const { path, session, clock, log } = this.#ports
    const { destination, address } = way
    const config = this.#config
    const run = new ErrandRun({
      path,
      session,
      clock,
      log,
      handedOut,
      config,
      address,
      destination,
    })
    void this.#follow(run, way)
  }

  async #follow(run: ErrandRun, way: Way): Promise<void> {
    this.#runs.add(run)
    way.out += 1
    await run.run()
    this.#runs.delete(run)
    way.out -= 1
    if (!this.#isOver) this.#tidy()
  }
}
