/**
 * Reads a row's value front to back and checks that it has the shape it must have.
 */
import { readU16, readU32, readU64 } from '../bytes.ts'
import { invariant } from '../invariant.ts'

/** The first byte of every value. */
export const ROW_VERSION = 1

export class RowReader {
  readonly #row: string
  readonly #value: Uint8Array
  #offset = 1

  /** @param row what it is, for people. @throws InvariantError when another version wrote the value */
  constructor(row: string, value: Uint8Array) {
    this.#row = row
    this.#value = value
    invariant(value[0] === ROW_VERSION, 'I-8', row, 'version', value[0])
  }

  byte(): number {
    return this.bytes(1)[0] ?? 0
  }

  /** Whether anything is left. */
  get hasMore(): boolean {
    return this.#offset < this.#value.length
  }

  u16(): number {
    return readU16(this.bytes(2), 0)
  }

  u32(): number {
    return readU32(this.bytes(4), 0)
  }

  u64(): bigint {
    return readU64(this.bytes(8), 0)
  }

  /** A number that was written as one, up to 2^53-1. */
  safeU64(): number {
    const value = this.u64()
    this.check(value <= BigInt(Number.MAX_SAFE_INTEGER), 'number')
    return Number(value)
  }

  bytes(length: number): Uint8Array {
    const start = this.#offset
    this.check(start + length <= this.#value.length, 'length')
    this.#offset = start + length
    return this.#value.subarray(start, this.#offset)
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.bytes(this.#value.length - this.#offset)
  }

  end(): void {
    this.check(this.#offset === this.#value.length, 'length')
  }

  check(condition: boolean, field: string): asserts condition {
    invariant(condition, 'I-8', this.#row, field)
  }
}
