/** A set of page numbers, one bit for each page of the file. */
export class PageSet {
  readonly #bits: Uint8Array
  #size = 0

  constructor(lastPage: number) {
    this.#bits = new Uint8Array(Math.floor(lastPage / 8) + 1)
  }

  get size(): number {
    return this.#size
  }

  /** The largest number; -1 when there is none. */
  get largest(): number {
    for (let at = this.#bits.length - 1; at >= 0; at -= 1) {
      const byte = Number(this.#bits[at])
      if (byte !== 0) return at * 8 + 31 - Math.clz32(byte)
    }
    return -1
  }

  has(number: number): boolean {
    return (Number(this.#bits[number >>> 3]) & (1 << (number & 7))) !== 0
  }

  /** @returns whether it is new */
  add(number: number): boolean {
    if (this.has(number)) return false
    this.#bits[number >>> 3] = Number(this.#bits[number >>> 3]) | (1 << (number & 7))
    this.#size += 1
    return true
  }

  /** @returns whether it was there */
  delete(number: number): boolean {
    if (!this.has(number)) return false
    this.#bits[number >>> 3] = Number(this.#bits[number >>> 3]) & ~(1 << (number & 7))
    this.#size -= 1
    return true
  }

  /** The first number from `from` on; -1 when there is none. */
  next(from: number): number {
    const bits = this.#bits
    let at = from >>> 3
    let byte = Number(bits[at]) & (0xff << (from & 7))
    while (byte === 0) {
      at += 1
      if (at >= bits.length) return -1
      byte = Number(bits[at])
    }
    return at * 8 + 31 - Math.clz32(byte & -byte)
  }

  /** Whether a page is in both. */
  meets(other: PageSet): boolean {
    return this.#bits.some((byte, at) => (byte & Number(other.#bits[at])) !== 0)
  }
}
