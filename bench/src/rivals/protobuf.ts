/**
 * As much of the protobuf wire format as etcd's few messages need. Numbers stay below 2^53: the ids are our own choice.
 */

type Field = readonly [number: number, value: number | string | Uint8Array]

const VARINT = 0
const FIXED_64 = 1
const BYTES = 2
const FIXED_32 = 5

/** Encodes the fields in the given order; a nested message is its encoded bytes. */
export function encode(fields: readonly Field[]): Buffer {
  const parts = fields.map(([number, value]) => {
    if (typeof value === 'number')
      return Buffer.concat([varint(number * 8 + VARINT), varint(value)])
    const bytes = Buffer.from(value)
    return Buffer.concat([varint(number * 8 + BYTES), varint(bytes.length), bytes])
  })
  return Buffer.concat(parts)
}

/** Decodes one message: the values of each field number in order. Fixed-width fields are skipped. */
export function decode(message: Buffer): Map<number, (number | Buffer)[]> {
  const fields = new Map<number, (number | Buffer)[]>()
  const cursor = { at: 0 }
  while (cursor.at < message.length) {
    const tag = readVarint(message, cursor)
    const value = readValue(message, tag & 7, cursor)
    if (value !== undefined) fields.set(tag >>> 3, [...(fields.get(tag >>> 3) ?? []), value])
  }
  return fields
}

export function bytesOf(message: Buffer, field: number): Buffer {
  const value = decode(message).get(field)?.[0]
  if (!Buffer.isBuffer(value)) throw new Error(`etcd's answer lacks field ${field}`)
  return value
}

function readValue(
  message: Buffer,
  type: number,
  cursor: { at: number },
): number | Buffer | undefined {
  switch (type) {
    case VARINT:
      return readVarint(message, cursor)
    case BYTES: {
      const length = readVarint(message, cursor)
      const start = cursor.at
      cursor.at += length
      return message.subarray(start, cursor.at)
    }
    case FIXED_64:
    case FIXED_32:
      cursor.at += type === FIXED_64 ? 8 : 4
      return undefined
    default:
      throw new Error(`etcd's answer has a field of unknown type ${type}`)
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  bytes.push(rest)
  return Buffer.from(bytes)
}

function readVarint(message: Buffer, cursor: { at: number }): number {
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    const byte = message[cursor.at++]
    if (byte === undefined) throw new Error("etcd's answer ends within a number")
    value += (byte & 127) * scale
    if (byte < 128) return value
  }
}
