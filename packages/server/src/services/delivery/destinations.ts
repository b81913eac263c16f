/** All destinations of a server, each once, for as long as anything is taken there. */
import type { Clock } from '../../clock.ts'
import type { Random } from '../../random.ts'
import { Destination } from './destination.ts'
import type { DestinationStatistics } from './destination.ts'
import type { Dial, EndpointAddress } from './endpoint.ts'
import { DESTINATIONS_SHOWN_MAX } from './limits.ts'

export interface DestinationPorts {
  readonly dial: Dial
  readonly clock: Clock
  readonly random: Random
}

export class Destinations {
  readonly #ports: DestinationPorts
  readonly #destinations = new Map<string, Destination>()

  constructor(ports: DestinationPorts) {
    this.#ports = ports
  }

  at(address: EndpointAddress): Destination {
    const { origin } = address
    let destination = this.#destinations.get(origin)
    if (destination === undefined) {
      destination = new Destination(origin, this.#ports.dial(address), this.#ports)
      this.#destinations.set(origin, destination)
    }
    return destination
  }

  /** Somebody has stopped to use it. */
  leave(destination: Destination): void {
    if (destination.isUsed) return
    if (this.#destinations.get(destination.origin) === destination) {
      this.#destinations.delete(destination.origin)
    }
    destination.close()
  }

  close(): void {
    for (const destination of this.#destinations.values()) destination.close()
    this.#destinations.clear()
  }

  /** Of each destination; of very many the rest is counted together. */
  get statistics(): readonly DestinationStatistics[] {
    const all = [...this.#destinations.values()].map(({ statistics }) => statistics)
    const rest = all.slice(DESTINATIONS_SHOWN_MAX)
    if (rest.length === 0) return all
    const sum = (name: 'handOuts' | 'failures' | 'out'): number =>
      rest.reduce((total, one) => total + one[name], 0)
    return [
      ...all.slice(0, DESTINATIONS_SHOWN_MAX),
      {
        origin: 'others',
        handOuts: sum('handOuts'),
        failures: sum('failures'),
        out: sum('out'),
        isBackingOff: rest.some(({ isBackingOff }) => isBackingOff),
      },
    ]
  }
}
