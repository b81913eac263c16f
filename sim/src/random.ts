/**
 * All chance of a run, from one seed: SplitMix for the seeding, xoshiro128** for the stream.
 *
 * Each party draws from a stream of its own, so that one more draw in one place does not change all the others.
 */

export class Random {
  readonly #state: Uint32Array

  constructor(seed: number) {
    const state = new Uint32Array(4)
    let mixed = seed >>> 0
    for (let at = 0; at < 4; at += 1) {
      mixed = (mixed + 0x9e37_79b9) >>> 0
      state[at] = mix(mixed)
    }
    this.#state = state
  }

  /** A stream of its own, the same for the same name. */
  fork(name: string): Random {
    return new Random(hashOf(name, this.#word()))
  }

  /** Evenly from 0 to less than 1. */
  fraction(): number {
    return this.#word() / 0x1_0000_0000
  }

  between(from: number, to: number): number {
    return from + this.fraction() * (to - from)
  }

  /** Evenly from 0 to `count - 1`. */
  below(count: number): number {
    return Math.floor(this.fraction() * count)
  }

  /** Evenly from `from` to `to`, both included. */
  whole(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)]
    if (choice === undefined) throw new RangeError('nothing to pick from')
    return choice
  }

  /** Mostly short, at times long: the time to the next of events that come `meanMs` apart. */
  exponential(meanMs: number): number {
    return -Math.log(1 - this.fraction()) * meanMs
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#word() & 0xff)
  }

  nonZeroU64(): bigint {
    for (;;) {
      const value = (BigInt(this.#word()) << 32n) | BigInt(this.#word())
      if (value !== 0n) return value
    }
  }

  #word(): number {
    const state = this.#state
    const [a = 0, b = 0, c = 0, d = 0] = state
    const result = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0
    const mixed = c ^ a
    const other = d ^ b
    state[1] = b ^ mixed
    state[0] = a ^ other
    state[2] = mixed ^ (b << 9)
    state[3] = rotated(other, 11)
    return result
  }
}

/** FNV-1a over the text, begun with `seed`. */
export function hashOf(text: string, seed: number = 0x811c_9dc5): number {
  let hash = seed >>> 0
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193)
  }
  return hash >>> 0
}

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by))
}

function mix(word: number): number {
  let mixed = word
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
