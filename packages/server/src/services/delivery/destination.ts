/**
 * One origin that tasks are taken to, and how much it is trusted.
 *
 * Where nothing can be reached no task is taken: a task that is handed out in vain has lost one of its repeats. So a destination that
 * was lost is closed until a connection could be made. Then each theme may try one task, and all is open again once anything has come
 * back, or a task has been there for a while.
 */
import type { Clock, Timer } from '../../clock.ts'
import type { Random } from '../../random.ts'
import type { Endpoint, Errand, Verdict } from './endpoint.ts'
import { PROBE_MS } from './limits.ts'
import { Pauses } from './pause.ts'

export interface DestinationStatistics {
  readonly origin: string
  /** Since the start of the server: tasks that were taken there, and those of them that came back without the handler's saying so. */
  readonly handOuts: number
  readonly failures: number
  /** Hand-outs under way. */
  readonly out: number
  readonly isBackingOff: boolean
}

type State = 'untried' | 'closed' | 'probing' | 'open'

export class Destination {
  readonly origin: string
  readonly #endpoint: Endpoint
  readonly #clock: Clock
  readonly #pauses: Pauses
  readonly #followers = new Set<() => void>()
  readonly #closing = new AbortController()
  #state: State = 'untried'
  #isTried = false
  #pause: Timer | null = null
  #handOuts = 0
  #failures = 0
  #out = 0

  constructor(
    origin: string,
    endpoint: Endpoint,
    { clock, random }: { readonly clock: Clock; readonly random: Random },
  ) {
    this.origin = origin
    this.#endpoint = endpoint
    this.#clock = clock
    this.#pauses = new Pauses(random)
  }

  /** How many tasks of one theme may be out there. */
  get places(): number {
    if (this.#state === 'open') return Infinity
    return this.#state === 'probing' ? 1 : 0
  }

  get statistics(): DestinationStatistics {
    return {
      origin: this.origin,
      handOuts: this.#handOuts,
      failures: this.#failures,
      out: this.#out,
      isBackingOff: this.#state === 'closed',
    }
  }

  get isUsed(): boolean {
    return this.#followers.size > 0 || this.#out > 0
  }

  /** Calls `changed` whenever `places` has changed, until the returned function is called. */
  follow(changed: () => void): () => void {
    this.#followers.add(changed)
    if (!this.#isTried) {
      this.#isTried = true
      void this.#reach()
    }
    return () => void this.#followers.delete(changed)
  }

  async carry(errand: Errand): Promise<Verdict> {
    this.#handOuts += 1
    this.#out += 1
    const stayed = this.#clock.after(PROBE_MS, () => this.#found())
    try {
      const verdict = await this.#endpoint.carry(errand)
      if (errand.signal.aborted) return verdict
      if (verdict.kind === 'failed' && verdict.isUnreachable) this.#lost()
      else this.#found()
      return verdict
    } finally {
      stayed.cancel()
      this.#out -= 1
    }
  }

  countFailure(): void {
    this.#failures += 1
  }

  close(): void {
    this.#closing.abort()
    this.#pause?.cancel()
    this.#followers.clear()
    this.#endpoint.close()
  }

  #found(): void {
    if (this.#state === 'closed') return
    this.#pauses.reset()
    this.#enter('open')
  }

  #lost(): void {
    if (this.#state === 'closed') return
    this.#enter('closed')
    this.#reachLater()
  }

  #reachLater(): void {
    this.#pause = this.#clock.after(this.#pauses.takeMs(), () => void this.#reach())
  }

  async #reach(): Promise<void> {
    const isFirst = this.#state === 'untried'
    const isReached = await this.#endpoint.reach(this.#closing.signal)
    if (this.#closing.signal.aborted) return
    if (isReached) return this.#enter(isFirst ? 'open' : 'probing')
    this.#enter('closed')
    this.#reachLater()
  }

  #enter(state: State): void {
    if (this.#state === state) return
    this.#state = state
    for (const changed of this.#followers) changed()
  }
}
