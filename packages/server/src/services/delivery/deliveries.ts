/** What a server takes to handlers, of all nodes that run here. */
import type { ThemeConfig } from '@tenure/kernel'
import type { Clock, Timer } from '../../clock.ts'
import type { HostContract } from '../../host/host.ts'
import { reasonOf } from '../../log.ts'
import type { Log } from '../../log.ts'
import type { Random } from '../../random.ts'
import type { DestinationStatistics } from './destination.ts'
import { Destinations } from './destinations.ts'
import type { Dial } from './endpoint.ts'
import { NodeDelivery } from './node-delivery.ts'
import { Pauses } from './pause.ts'

export interface DeliveriesOptions {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly dial: Dial
}

/** A host that can say which nodes have handlers. */
export interface ThemedHost extends Pick<HostContract, 'node'> {
  themed(): AsyncIterable<string>
}

export class Deliveries {
  readonly #options: DeliveriesOptions
  readonly #destinations: Destinations
  readonly #nodes = new Map<string, NodeDelivery>()
  /** What was told before the start. */
  readonly #early = new Map<string, readonly ThemeConfig[]>()
  #host: ThemedHost | null = null
  readonly #pauses: Pauses
  #pause: Timer | null = null
  #isStopped = false

  constructor(options: DeliveriesOptions) {
    this.#options = options
    this.#destinations = new Destinations(options)
    this.#pauses = new Pauses(options.random)
  }

  get statistics(): readonly DestinationStatistics[] {
    return this.#destinations.statistics
  }

  /** For the host: a node has these themes. */
  themesChanged(path: string, themes: readonly ThemeConfig[]): void {
    if (this.#isStopped) return
    const isWanted = themes.some(({ handler }) => handler !== '')
    if (this.#host === null) {
      if (isWanted) this.#early.set(path, themes)
      else this.#early.delete(path)
    } else if (isWanted || this.#nodes.has(path)) {
      this.#node(path, this.#host).themes(themes)
    }
  }

  /** Begins with the nodes that are in memory, and loads the others that have handlers. */
  start(host: ThemedHost): void {
    this.#host = host
    for (const [path, themes] of this.#early) this.#node(path, host).themes(themes)
    this.#early.clear()
    void this.#load(host)
  }

  /** Looks again for nodes with handlers: other ones may belong here by now. */
  look(): void {
    if (this.#host !== null && !this.#isStopped) void this.#load(this.#host)
  }

  /** The node goes to another server: calls off what is with its handlers, and the node stores it. */
  leave(path: string): void {
    this.#nodes.get(path)?.stop()
    this.#nodes.delete(path)
  }

  /** Calls off what is with handlers. The nodes store it. */
  stop(): void {
    this.#isStopped = true
    this.#pause?.cancel()
    for (const node of this.#nodes.values()) node.stop()
    this.#nodes.clear()
    this.#destinations.close()
  }

  #node(path: string, host: ThemedHost): NodeDelivery {
    const present = this.#nodes.get(path)
    if (present !== undefined) return present
    const over = (): void => void this.#nodes.delete(path)
    const ports = { ...this.#options, host, destinations: this.#destinations, over }
    const node = new NodeDelivery(path, ports)
    this.#nodes.set(path, node)
    return node
  }

  /** One after the other: to load a node may take long. */
  async #load(host: ThemedHost): Promise<void> {
    const { clock, log } = this.#options
    try {
      for await (const path of host.themed()) {
        if (this.#isStopped) return
        await this.#node(path, host).seek()
      }
    } catch (error) {
      if (this.#isStopped) return
      log.warn('nodes with handlers could not be looked for', { reason: reasonOf(error) })
      this.#pause = clock.after(this.#pauses.takeMs(), () => void this.#load(host))
    }
  }
}
