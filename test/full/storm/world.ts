/** What all who take part in a storm share: the way to the server, the plan of chance, the record. */
import type { Chance } from './chance.ts'
import type { History } from './history.ts'
import type { Network } from './network.ts'

export interface World {
  readonly network: Network
  readonly history: History
  readonly chance: Chance
  readonly orders: OrderBook
  /** Path of the coordination node. */
  readonly path: string
  /** Part of every name of this epoch, so that no epoch meets what another one left. */
  readonly epoch: string
  /** No new work is begun once it has aborted. */
  readonly calm: AbortSignal
  /** How often the server was killed. */
  generation: number
}

export const nowMs = (): number => performance.now()

/** The tokens that anybody has seen so far. */
export class OrderBook {
  #seen = 0n
  readonly #granted = new Map<string, bigint>()

  /** The largest of all. */
  get seen(): bigint {
    return this.#seen
  }

  /** The largest that was granted on a semaphore. */
  grantedOn(semaphore: string): bigint {
    return this.#granted.get(semaphore) ?? 0n
  }

  see(orderId: bigint): void {
    if (orderId > this.#seen) this.#seen = orderId
  }

  seeGrant(semaphore: string, orderId: bigint): void {
    this.see(orderId)
    if (orderId > this.grantedOn(semaphore)) this.#granted.set(semaphore, orderId)
  }
}

/** Waits, or less when `signal` aborts. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
}
