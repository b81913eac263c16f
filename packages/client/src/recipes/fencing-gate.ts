/**
 * Fencing gate: the guard that a resource puts at its door.
 *
 * A lock alone cannot keep out a holder that slept past its lease: it does not know that it slept. Tokens of one name
 * only grow from grant to grant, so the resource remembers the greatest token that it has seen for a name and refuses
 * every smaller one. The same token may come again: one holder writes many times.
 *
 * Invariant: once a token was admitted, no smaller token of that name is admitted. Hence names are never forgotten by
 * the store in memory, and a resource that outlives its process keeps the tokens beside its data, in a store of its own.
 */
import { FencedError } from '../errors.ts'
import { outOfRange } from '../wrong-argument.ts'

/** Where a gate keeps the greatest token of each name. */
export interface FencingStore {
  /**
   * Raises the kept token of `name` to `token` when that is greater, in one atomic step.
   *
   * @returns the greatest token after that step
   */
  raise(name: string, token: bigint): bigint | Promise<bigint>
}

/** Keeps tokens in memory: for a resource that lives no longer than this process. */
export class MemoryFencingStore implements FencingStore {
  readonly #greatest = new Map<string, bigint>()
  readonly #namesMax: number

  /** @param options.namesMax how many names are kept; by default 1,000,000 */
  constructor({ namesMax = 1_000_000 }: { namesMax?: number } = {}) {
    if (!(namesMax >= 1)) throw outOfRange(`namesMax must be at least 1, got ${namesMax}`)
    this.#namesMax = namesMax
  }

  /** @throws RangeError when `name` is new and `namesMax` names are kept already */
  raise(name: string, token: bigint): bigint {
    const seen = this.#greatest.get(name)
    if (seen !== undefined && seen >= token) return seen
    if (seen === undefined && this.#greatest.size >= this.#namesMax) {
      throw outOfRange(`cannot keep a token for "${name}": ${this.#namesMax} names are kept`)
    }
    this.#greatest.set(name, token)
    return token
  }
}

export class FencingGate {
  readonly #store: FencingStore
  /** Settles when the last work of that name has; never rejects. */
  readonly #tails = new Map<string, Promise<void>>()

  /** @param options.store where tokens are kept; by default in memory */
  constructor({ store = new MemoryFencingStore() }: { store?: FencingStore } = {}) {
    this.#store = store
  }

  /**
   * Lets a token pass that is not smaller than any token seen for `name`, and remembers it.
   *
   * A check alone leaves a gap before the write that it guards; `run` closes it.
   *
   * @throws FencedError a later holder was here: the caller is no longer the holder and must stop
   */
  async admit(name: string, token: bigint): Promise<void> {
    const greatest = await this.#store.raise(name, token)
    if (token < greatest) {
      throw new FencedError(
        `the token ${token} of "${name}" is out of date: a holder with token ${greatest} was here; ` +
          'stop, and take the lock again before writing',
      )
    }
  }

  /**
   * Admits the token, then does `work`. Works of one name run one after the other, so a work of an earlier holder never
   * ends after a work of a later one has begun.
   *
   * @throws FencedError as `admit` does; `work` was then not called. What `work` throws is passed on.
   */
  async run<T>(name: string, token: bigint, work: () => T | Promise<T>): Promise<T> {
    const before = this.#tails.get(name) ?? Promise.resolve()
    const turn = before.then(() => this.admit(name, token)).then(work)
    const settled = turn.then(ignore, ignore)
    this.#tails.set(name, settled)
    try {
      return await turn
    } finally {
      if (this.#tails.get(name) === settled) this.#tails.delete(name)
    }
  }
}

function ignore(): void {}
