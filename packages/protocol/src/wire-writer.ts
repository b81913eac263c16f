/** Protobuf's wire format, written by hand: messages one behind the other into one buffer. */
import { WireError } from './wire-error.ts'
import { BYTES, VARINT } from './wire-reader.ts'

const LOW_32 = 0xffff_ffffn
const TWO_32 = 0x1_0000_0000
const U64_MAX = 0xffff_ffff_ffff_ffffn
/** Below this, text is written character by character, which is cheaper than to call an encoder. */
const SHORT_TEXT_BYTES = 64
const FIRST_CAPACITY_BYTES = 4096
const LONE_SURROGATE = /\p{Surrogate}/u

/** Writes messages one behind the other into a buffer that grows. */
export class WireWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY_BYTES)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Gives what was written and begins anew: the bytes belong to the caller. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length)
    const rest = this.#bytes.subarray(this.#length)
    // Whoever holds a short message out of the rest of a large buffer would hold all of it.
    const isLarge = this.#bytes.buffer.byteLength > FIRST_CAPACITY_BYTES
    this.#bytes = isLarge ? Buffer.allocUnsafeSlow(FIRST_CAPACITY_BYTES) : rest
    this.#length = 0
    return taken
  }

  /** Takes back everything behind the first `length` bytes. */
  rewind(length: number): void {
    this.#length = length
  }

  /** Leaves room for `count` bytes that `setU32` and `setByte` fill in later. @returns where the room begins */
  reserve(count: number): number {
    this.#need(count)
    const start = this.#length
    this.#length += count
    return start
  }

  setByte(at: number, value: number): void {
    this.#bytes[at] = value
  }

  setU32(at: number, value: number): void {
    this.#bytes.writeUInt32BE(value, at)
  }

  /** A field that holds its type's zero value is left out, as proto3 demands. */
  u64Field(field: number, value: bigint): void {
    if (value === 0n) return
    this.#need(20)
    this.#tag(field, VARINT)
    this.#u64(value)
  }

  /** Written also when it is zero; left out when it is absent. */
  optionalU64Field(field: number, value: bigint | null | undefined): void {
    if (value === null || value === undefined) return
    this.#need(20)
    this.#tag(field, VARINT)
    this.#u64(value)
  }

  u32Field(field: number, value: number): void {
    if (value !== 0) this.optionalU32Field(field, value)
  }

  /** Written also when it is zero; left out when it is null. */
  optionalU32Field(field: number, value: number | null): void {
    if (value === null) return
    if (value >>> 0 !== value) throw new WireError(`${value} is no unsigned 32-bit number`)
    this.#need(20)
    this.#tag(field, VARINT)
    this.#u32(value)
  }

  /** An unsigned 64-bit field of which no more than 53 bits are ever used. */
  numberField(field: number, value: number): void {
    if (value === 0) return
    this.#need(20)
    this.#tag(field, VARINT)
    this.#number(value)
  }

  /** A list of such numbers, packed. */
  packedNumbersField(field: number, values: readonly number[]): void {
    if (values.length === 0) return
    const start = this.beginMessage(field)
    for (const value of values) {
      this.#need(20)
      this.#number(value)
    }
    this.endMessage(start)
  }

  boolField(field: number, value: boolean): void {
    if (!value) return
    this.#need(20)
    this.#tag(field, VARINT)
    this.#bytes[this.#length++] = 1
  }

  bytesField(field: number, value: Uint8Array): void {
    if (value.length > 0) this.optionalBytesField(field, value)
  }

  /** Written also when it is empty; left out when it is null. */
  optionalBytesField(field: number, value: Uint8Array | null): void {
    if (value === null) return
    this.#need(20 + value.length)
    this.#tag(field, BYTES)
    this.#u32(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  /** @throws WireError when the text holds half of a surrogate pair, which UTF-8 cannot express */
  textField(field: number, value: string): void {
    if (value.length > 0) this.itemTextField(field, value)
  }

  /** One of a list: written also when it is empty. @throws WireError as `textField` */
  itemTextField(field: number, value: string): void {
    this.#need(20 + value.length * 3)
    this.#tag(field, BYTES)
    if (value.length <= SHORT_TEXT_BYTES && this.#shortAscii(value)) return
    if (LONE_SURROGATE.test(value)) throw new WireError('text is not well-formed Unicode')
    this.#u32(Buffer.byteLength(value, 'utf8'))
    this.#length += this.#bytes.write(value, this.#length, 'utf8')
  }

  /** Begins a message inside; `endMessage` with the result closes it. */
  beginMessage(field: number): number {
    this.#need(20)
    this.#tag(field, BYTES)
    return this.reserve(1)
  }

  endMessage(start: number): void {
    const size = this.#length - start - 1
    if (size < 0x80) {
      this.#bytes[start] = size
      return
    }
    // One byte was kept for the length; a longer length moves the message along.
    const extra = size < 0x4000 ? 1 : size < 0x20_0000 ? 2 : size < 0x1000_0000 ? 3 : 4
    this.#need(extra)
    this.#bytes.copyWithin(start + 1 + extra, start + 1, this.#length)
    const end = this.#length + extra
    this.#length = start
    this.#u32(size)
    this.#length = end
  }

  #shortAscii(value: string): boolean {
    const start = this.#length
    let at = start + 1
    for (let index = 0; index < value.length; index++) {
      const unit = value.charCodeAt(index)
      if (unit >= 0x80) return false
      this.#bytes[at++] = unit
    }
    this.#bytes[start] = value.length
    this.#length = at
    return true
  }

  #tag(field: number, wireType: number): void {
    this.#u32((field << 3) | wireType)
  }

  #u32(value: number): void {
    let rest = value >>> 0
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#length++] = rest
  }

  #u64(value: bigint): void {
    if (value < 0n || value > U64_MAX) throw new WireError(`${value} is no unsigned 64-bit number`)
    if (value <= LOW_32) {
      this.#u32(Number(value))
      return
    }
    this.#halves(Number(value >> 32n), Number(value & LOW_32))
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new WireError(`${value} is no unsigned 53-bit number`)
    }
    if (value < TWO_32) this.#u32(value)
    else this.#halves(Math.floor(value / TWO_32), value >>> 0)
  }

  #halves(upper: number, lower: number): void {
    let high = upper
    let low = lower
    while (high > 0 || low >= 0x80) {
      this.#bytes[this.#length++] = (low & 0x7f) | 0x80
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    this.#bytes[this.#length++] = low
  }

  #need(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#length * 2, FIRST_CAPACITY_BYTES))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
