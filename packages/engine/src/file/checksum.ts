/**
 * Checksums of rows: two independent lanes of 32 bits.
 *
 * Every step is a bijection of the lane for a given word, so a change within one word of four bytes never goes unnoticed; larger
 * changes escape with a chance of 2^-64. Not a defence against somebody who wants to deceive.
 */
export const CHECKSUM_BYTES = 8

const WORD_BYTES = 4

/** Two lanes, used as a row's checksum and, summed over all rows, as a partition's digest. */
export interface Lanes {
  low: number
  high: number
}

/** The checksum of `parts`, one after the other, with the length of each. */
export function checksum(seed: number, parts: readonly Uint8Array[]): Lanes {
  let { low, high } = beginLanes(seed)
  for (const part of parts) {
    const { length } = part
    for (let index = 0; index < length; index += 4) {
      // The last word is filled with zeros; the length below tells it from real ones.
      const word =
        Number(part[index]) |
        ((index + 1 < length ? Number(part[index + 1]) : 0) << 8) |
        ((index + 2 < length ? Number(part[index + 2]) : 0) << 16) |
        ((index + 3 < length ? Number(part[index + 3]) : 0) << 24)
      low = mixLow(low, word)
      high = mixHigh(high, word)
    }
    low = mixLow(low, length)
    high = mixHigh(high, length)
  }
  return { low: finishLane(low), high: finishLane(high) }
}

/** The same of parts that lie among others, read through one view of all. */
export class RowChecksum {
  low = 0
  high = 0
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed
  }

  begin(): void {
    const { low, high } = beginLanes(this.#seed)
    this.low = low
    this.high = high
  }

  add(view: DataView, at: number, bytes: number): void {
    let { low, high } = this
    const wordsEnd = at + bytes - (bytes % WORD_BYTES)
    for (let word = at; word < wordsEnd; word += WORD_BYTES) {
      const bits = view.getInt32(word, true)
      low = mixLow(low, bits)
      high = mixHigh(high, bits)
    }
    if (bytes % WORD_BYTES > 0) {
      let bits = 0
      for (let last = at + bytes - 1; last >= wordsEnd; last -= 1) {
        bits = (bits << 8) | view.getUint8(last)
      }
      low = mixLow(low, bits)
      high = mixHigh(high, bits)
    }
    this.low = mixLow(low, bytes)
    this.high = mixHigh(high, bytes)
  }

  end(): void {
    this.low = finishLane(this.low)
    this.high = finishLane(this.high)
  }
}

function beginLanes(seed: number): Lanes {
  return { low: (seed ^ 0x243f6a88) | 0, high: (seed ^ 0x85a308d3) | 0 }
}

function mixLow(lane: number, word: number): number {
  const mixed = Math.imul(lane ^ word, 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}

function mixHigh(lane: number, word: number): number {
  const mixed = Math.imul(lane ^ word, 0x85ebca77)
  return (mixed << 13) | (mixed >>> 19)
}

function finishLane(lane: number): number {
  const mixed = Math.imul(lane ^ (lane >>> 16), 0xc2b2ae3d)
  return (mixed ^ (mixed >>> 13)) >>> 0
}
