/**
 * One semaphore as its holders see it from one process: at every moment those that believe to hold it fit into its limit.
 *
 * All holders are judged by the process's own monotonic clock: reading `lease.signal` compares the clocks, so what a busy
 * machine does to timers is no excuse.
 */
import type { Lease } from 'tenure'

export class Floor {
  readonly name: string
  readonly #limit: bigint
  readonly #violations: string[]
  readonly #believers = new Set<Lease>()
  readonly #tokens = new Set<bigint>()
  #greatest = 0n
  #grants = 0

  constructor(options: { name: string; limit: bigint }, violations: string[]) {
    this.name = options.name
    this.#limit = options.limit
    this.#violations = violations
  }

  get grants(): number {
    return this.#grants
  }

  /** An acquire was granted. */
  enter(lease: Lease): void {
    // A grant that took so long that it is over already is none.
    if (lease.signal.aborted) return
    this.#grants += 1
    this.#believers.add(lease)
    const believers = [...this.#believers].filter(({ signal }) => !signal.aborted)
    const units = believers.reduce((sum, { count }) => sum + this.#unitsOf(count), 0n)
    if (units > this.#limit) {
      const tokens = believers.map(({ token }) => token).join(', ')
      this.#violations.push(`${this.name}: ${units} of ${this.#limit} held by tokens ${tokens}`)
    }
    if (this.#tokens.has(lease.token)) {
      this.#violations.push(`${this.name}: token ${lease.token} was given twice`)
    }
    // Of several holders at a time the later one may hear of its grant first.
    if (this.#limit === 1n && lease.token < this.#greatest) {
      this.#violations.push(`${this.name}: token ${lease.token} came after ${this.#greatest}`)
    }
    this.#tokens.add(lease.token)
    if (lease.token > this.#greatest) this.#greatest = lease.token
  }

  /** Its holder is about to give it back. */
  leave(lease: Lease): void {
    this.#believers.delete(lease)
  }

  /** A mutex is taken whole, which is one unit of one. */
  #unitsOf(count: bigint): bigint {
    return this.#limit === 1n ? 1n : count
  }
}
