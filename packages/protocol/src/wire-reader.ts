/**
 * Protobuf's wire format, read by hand where the generated code is too slow or too lenient.
 *
 * A field whose wire type is not the declared one counts as unknown and is skipped, as the format demands.
 */

import { WireError } from './wire-error.ts'

export const VARINT = 0
export const BYTES = 2
const FIXED64 = 1
const GROUP_START = 3
const GROUP_END = 4
const FIXED32 = 5

/** How deep groups and messages may be nested. */
export const NESTING_MAX = 100

const LOW_32 = 0xffff_ffffn
const TWO_32 = 0x1_0000_0000
const EMPTY = new Uint8Array(0)
/** Below this the bytes are looked at one by one, which is cheaper than to call a decoder. */
const SHORT_TEXT_BYTES = 64
/** Up to here bytes are copied one by one, which is cheaper than to make a view of them. */
const SHORT_BYTES = 32
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads one message from the front to the back. Every method throws WireError when the bytes do not hold what it reads. */
export class WireReader {
  readonly #bytes: Buffer
  #at: number
  #end: number
  /** Field number and wire type of the field that `nextField` found. */
  field = 0
  wireType = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = 0
    this.#end = bytes.length
  }

  /** Moves on to the next field; false at the end of the message. */
  nextField(): boolean {
    if (this.#at >= this.#end) return false
    const first = this.#bytes[this.#at] ?? 0
    if (first < 0x80) {
      this.#at++
      this.#setTag(first)
    } else {
      this.#setTag(this.#longTag())
    }
    return true
  }

  #setTag(tag: number): void {
    this.field = tag >>> 3
    this.wireType = tag & 7
    if (this.field === 0 || this.wireType > FIXED32) throw new WireError('illegal field tag')
  }

  #longTag(): number {
    const start = this.#at
    const tag = this.#varint53()
    if (tag >= TWO_32 || this.#at - start > 5) throw new WireError('illegal field tag')
    return tag
  }

  u64(): bigint {
    const first = this.#bytes[this.#at] ?? 0x80
    if (first < 0x80 && this.#at < this.#end) {
      this.#at++
      return BigInt(first)
    }
    let low = 0
    let high = 0
    for (let index = 0; index < 10; index++) {
      const byte = this.#byte()
      const bits = byte & 0x7f
      if (index < 4) low |= bits << (index * 7)
      else if (index === 4) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (index * 7 - 32)
      if (byte < 0x80) return join(high >>> 0, low >>> 0)
    }
    throw new WireError('varint is longer than ten bytes')
  }

  /** A varint of which the lower 32 bits count. */
  u32(): number {
    const first = this.#bytes[this.#at] ?? 0x80
    if (first < 0x80 && this.#at < this.#end) {
      this.#at++
      return first
    }
    return Number(this.u64() & LOW_32)
  }

  /** An unsigned 64-bit field as a number. @throws WireError also when it is above 2^53-1 */
  number(): number {
    const value = this.#varint53()
    if (value > Number.MAX_SAFE_INTEGER) throw new WireError('number is above 2^53-1')
    return value
  }

  /** The numbers of a packed list, behind those that `list` has already. @throws WireError as `number` */
  packedNumbers(list: number[]): void {
    const outerEnd = this.enter()
    while (this.#at < this.#end) list.push(this.number())
    this.leave(outerEnd)
  }

  bool(): boolean {
    const first = this.#bytes[this.#at] ?? 0x80
    if (first < 0x80 && this.#at < this.#end) {
      this.#at++
      return first !== 0
    }
    return this.u64() !== 0n
  }

  /** A copy: what was read stays valid when the buffer is used again. */
  bytes(): Uint8Array {
    const length = this.#length()
    if (length === 0) return EMPTY
    const copy = new Uint8Array(length)
    const start = this.#at
    this.#at += length
    if (length > SHORT_BYTES) copy.set(this.#bytes.subarray(start, this.#at))
    else for (let index = 0; index < length; index++) copy[index] = this.#bytes[start + index] ?? 0
    return copy
  }

  /** @throws WireError also when the bytes are not valid UTF-8 */
  text(): string {
    const length = this.#length()
    const start = this.#at
    const end = start + length
    this.#at = end
    if (length <= SHORT_TEXT_BYTES && this.#isAscii(start, end)) {
      return this.#bytes.toString('latin1', start, end)
    }
    try {
      return utf8.decode(this.#bytes.subarray(start, end))
    } catch {
      throw new WireError('text is not valid UTF-8')
    }
  }

  /** Narrows the reader to the message inside; give the result to `leave` when it is read. */
  enter(): number {
    const length = this.#length()
    const outerEnd = this.#end
    this.#end = this.#at + length
    return outerEnd
  }

  leave(outerEnd: number): void {
    this.#end = outerEnd
  }

  /** Passes over the field that `nextField` found. */
  skip(depth: number = NESTING_MAX): void {
    switch (this.wireType) {
      case VARINT:
        this.u64()
        return
      case FIXED64:
        this.#advance(8)
        return
      case BYTES:
        this.#advance(this.#length())
        return
      case GROUP_START:
        this.#skipGroup(this.field, depth)
        return
      case FIXED32:
        this.#advance(4)
        return
      default:
        throw new WireError('a group ends that did not begin')
    }
  }

  #skipGroup(group: number, depth: number): void {
    if (depth <= 0) throw new WireError('groups are nested too deep')
    while (this.nextField()) {
      if (this.wireType !== GROUP_END) this.skip(depth - 1)
      else if (this.field === group) return
      else throw new WireError('a group ends that did not begin')
    }
    throw new WireError('message is cut short')
  }

  #isAscii(start: number, end: number): boolean {
    for (let index = start; index < end; index++) {
      if ((this.#bytes[index] ?? 0) >= 0x80) return false
    }
    return true
  }

  #length(): number {
    const length = this.#varint53()
    if (length > this.#end - this.#at) throw new WireError('message is cut short')
    return length
  }

  #advance(count: number): void {
    if (count > this.#end - this.#at) throw new WireError('message is cut short')
    this.#at += count
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new WireError('message is cut short')
    return this.#bytes[this.#at++] ?? 0
  }

  /** Exact up to 2^53; beyond that still larger than any length or tag that could be right. */
  #varint53(): number {
    let value = 0
    let scale = 1
    for (let index = 0; index < 10; index++) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
    throw new WireError('varint is longer than ten bytes')
  }
}

function join(high: number, low: number): bigint {
  if (high < 0x20_0000) return BigInt(high * TWO_32 + low)
  return (BigInt(high) << 32n) | BigInt(low)
}
