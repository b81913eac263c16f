/**
 * Whether tasks came in the order in which they were due.
 *
 * From outside one sees when a store was asked for and answered: its due second lies between. Hand-outs to one process for one theme come
 * over one connection, in the server's order. So of two of these, the later one must not have been due before the earlier one if it
 * had been stored, for certain, when the earlier one was handed out.
 */

interface Due {
  /** In which it was stored. */
  readonly attempt: number
  /** When its store was answered. */
  readonly storedNs: bigint
  /** Seconds of the wall clock between which it was due. */
  readonly least: number
  readonly most: number
}

interface HandedOut {
  readonly id: string
  readonly attempt: number
  readonly teller: number
  readonly theme: number
  readonly atNs: bigint
}

/** A hand-out may have been on its way for so long when it was heard of. */
const ON_ITS_WAY_NS = 2_000_000_000n

const NS_PER_SECOND = 1e9

export class HandOutOrder {
  readonly #wallNs = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint()
  readonly #asked = new Map<string, bigint>()
  readonly #dues = new Map<string, Due>()
  /** By process and theme: what it was handed last and is known to have been due. */
  readonly #last = new Map<string, { readonly handed: HandedOut; readonly due: Due }>()
  #breaches: string[] = []
  compared = 0

  storing(id: string, atNs: bigint): void {
    this.#asked.set(id, atNs)
  }

  stored(
    { id, attempt, delaySeconds }: { id: string; attempt: number; delaySeconds: number },
    atNs: bigint,
  ): void {
    const askedNs = this.#asked.get(id) ?? atNs
    this.#asked.delete(id)
    const least = this.#secondOf(askedNs) + delaySeconds
    // Two clocks are read here at different moments, and the server rounds up.
    const most = this.#secondOf(atNs) + delaySeconds + 2
    this.#dues.set(id, { attempt, storedNs: atNs, least: least - 1, most })
  }

  handedOut(handed: HandedOut): void {
    const due = this.#dues.get(handed.id)
    this.#dues.delete(handed.id)
    // Stored by the server itself, perhaps after a handler that died before he could tell: nothing can be said of it.
    if (due === undefined || handed.attempt !== due.attempt + 1) return
    const key = `${handed.teller} ${handed.theme}`
    const last = this.#last.get(key)
    this.#last.set(key, { handed, due })
    if (last === undefined || due.storedNs > last.handed.atNs - ON_ITS_WAY_NS) return
    this.compared += 1
    if (due.most >= last.due.least) return
    this.#breaches.push(
      `${handed.id}, due by ${due.most}, came after ${last.handed.id}, due from ${last.due.least}`,
    )
  }

  takeBreaches(): string[] {
    const breaches = this.#breaches
    this.#breaches = []
    return breaches
  }

  #secondOf(atNs: bigint): number {
    return Math.floor(Number(atNs + this.#wallNs) / NS_PER_SECOND)
  }
}
