/** A message as its fields on the wire, to be taken apart, spoiled and put together again. */
import type { DescMessage } from '@bufbuild/protobuf'
import { array, constantFrom, nat, oneof, record, uint8Array } from 'fast-check'
import type { Arbitrary } from 'fast-check'

export interface Field {
  readonly number: number
  readonly wireType: number
  /** What follows the tag; for bytes, what follows the length. */
  readonly payload: Uint8Array
}

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

/** Takes a well-formed message apart. Groups do not occur in what we write. */
export function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = bytes[at++] ?? 0
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const wireType = tag % 8
    let start = at
    if (wireType === VARINT) varint()
    else if (wireType === BYTES) {
      const length = varint()
      start = at
      at += length
    } else at += wireType === FIXED64 ? 8 : 4
    fields.push({ number: Math.floor(tag / 8), wireType, payload: bytes.slice(start, at) })
  }
  return fields
}

function bytesOf(fields: readonly Field[]): Uint8Array {
  const parts = fields.flatMap(({ number, wireType, payload }) => {
    const tag = varintOf(number * 8 + wireType)
    return wireType === BYTES ? [tag, varintOf(payload.length), payload] : [tag, payload]
  })
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

function varintOf(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

/** One way to change the fields of a message; `at` picks the field, or the place. */
type Spoil = (fields: readonly Field[], at: number, schema: DescMessage) => Field[]

/** The message that a field holds; null for all other fields. */
function messageOf({ number, wireType }: Field, schema: DescMessage): DescMessage | null {
  const declared = schema.fields.find((each) => each.number === number)
  return (wireType === BYTES && declared?.message) || null
}

const longer: Spoil = (fields, at) =>
  fields.map((field, index) => {
    if (index !== at || field.wireType !== VARINT) return field
    const bytes = [...field.payload].map((byte) => byte | 0x80)
    while (bytes.length < 9) bytes.push(0x80)
    return { ...field, payload: Uint8Array.from([...bytes.slice(0, 9), 0]) }
  })

function inserted(strange: readonly Field[]): Spoil {
  return (fields, at) => fields.toSpliced(at, 0, ...strange.slice(at % strange.length).slice(0, 1))
}

const UNKNOWN: readonly Field[] = [
  { number: 100, wireType: VARINT, payload: Uint8Array.of(1) },
  { number: 101, wireType: FIXED64, payload: new Uint8Array(8) },
  { number: 4_000, wireType: FIXED32, payload: new Uint8Array(4) },
  { number: 536_870_911, wireType: BYTES, payload: Uint8Array.of(0xff) },
]

/** The protocol declares no field of these types. */
const FIXED: readonly Field[] = [
  { number: 1, wireType: FIXED32, payload: Uint8Array.of(1, 2, 3, 4) },
  { number: 2, wireType: FIXED64, payload: new Uint8Array(8).fill(9) },
  { number: 3, wireType: FIXED32, payload: Uint8Array.of(8, 1, 8, 1) },
]

/** Of another type than the declared one, mostly. */
const MISTYPED: readonly Field[] = [
  ...FIXED,
  { number: 1, wireType: BYTES, payload: Uint8Array.of(0xc3, 0x28) },
  { number: 2, wireType: VARINT, payload: Uint8Array.of(7) },
]

/** What leaves a message that every reader of the format understands in the same way. */
const HARMLESS: readonly Spoil[] = [
  // Said twice: the last counts. Messages are merged, which is another story.
  (fields, at, schema) => {
    const again = fields.slice(at, at + 1).filter((field) => messageOf(field, schema) === null)
    return [...fields, ...again]
  },
  (fields, at) => fields.filter((_field, index) => index !== at),
  (fields, at) => [...fields.slice(at), ...fields.slice(0, at)],
  inserted(UNKNOWN),
  longer,
]

const HARMFUL: readonly Spoil[] = [
  inserted(MISTYPED),
  (fields, at) =>
    fields.map((field, index) => (index === at ? { ...field, number: 1 + at } : field)),
]

/** Messages are embedded no deeper, in any of the protocols. */
const DEPTH_MAX = 6

interface Change {
  /** Ways down into the embedded messages; where there is none, the message itself is meant. */
  readonly path: readonly number[]
  readonly spoil: Spoil
  readonly at: number
}

function changes(spoils: readonly Spoil[]): Arbitrary<Change[]> {
  const path = array(nat(3), { maxLength: DEPTH_MAX })
  return array(record({ path, spoil: constantFrom(...spoils), at: nat(7) }), { maxLength: 3 })
}

function spoilt(bytes: Uint8Array, { path, spoil, at }: Change, schema: DescMessage): Uint8Array {
  const fields = fieldsOf(bytes)
  const [step, ...rest] = path
  const inner = fields.filter((field) => messageOf(field, schema) !== null)
  const chosen = step === undefined ? undefined : inner[step % Math.max(1, inner.length)]
  const within = chosen && messageOf(chosen, schema)
  if (chosen === undefined || !within) {
    return bytesOf(spoil(fields, at % Math.max(1, fields.length), schema))
  }
  const payload = spoilt(chosen.payload, { path: rest, spoil, at }, within)
  return bytesOf(fields.map((field) => (field === chosen ? { ...field, payload } : field)))
}

const cut: Arbitrary<(bytes: Uint8Array) => Uint8Array> = oneof(
  nat(400).map((length) => (bytes: Uint8Array) => bytes.slice(0, length)),
  record({ at: nat(400), value: nat(255) }).map(({ at, value }) => (bytes: Uint8Array) => {
    const changed = Uint8Array.from(bytes)
    if (changed.length > 0) changed[at % changed.length] = value
    return changed
  }),
  uint8Array({ maxLength: 6 }).map((more) => (bytes: Uint8Array) => {
    return Uint8Array.from([...bytes, ...more])
  }),
)

/** The message, written in another way than ours, and with what a later version of the protocol may add. */
export function rewritten(
  message: Arbitrary<Uint8Array>,
  schema: DescMessage,
): Arbitrary<Uint8Array> {
  return record({ message, changes: changes(HARMLESS) }).map((parts) => {
    let bytes: Uint8Array = Uint8Array.from(parts.message)
    for (const each of parts.changes) bytes = spoilt(bytes, each, schema)
    return bytes
  })
}

/** The message with fields of known numbers and other types among its own, at every depth. */
export function mistyped(
  message: Arbitrary<Uint8Array>,
  schema: DescMessage,
): Arbitrary<{ readonly plain: Uint8Array; readonly mixed: Uint8Array }> {
  return record({ message, changes: changes([inserted(FIXED)]) }).map((parts) => {
    const plain: Uint8Array = Uint8Array.from(parts.message)
    const mixed = parts.changes.reduce((bytes, each) => spoilt(bytes, each, schema), plain)
    return { plain, mixed }
  })
}

/** The message with its structure spoilt in some places, and its bytes. */
export function mutated(
  message: Arbitrary<Uint8Array>,
  schema: DescMessage,
): Arbitrary<Uint8Array> {
  const spoils = changes([...HARMLESS, ...HARMFUL])
  const parts = record({ message, changes: spoils, cuts: array(cut, { maxLength: 2 }) })
  return parts.map(({ message, changes, cuts }) => {
    let bytes: Uint8Array = Uint8Array.from(message)
    for (const each of changes) bytes = spoilt(bytes, each, schema)
    for (const each of cuts) bytes = each(bytes)
    return bytes
  })
}
