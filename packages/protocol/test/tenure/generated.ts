/** Makes messages of the generated code out of plain objects, by the descriptions that came with the generated code. */
import { create, type DescMessage, type Message, type MessageShape } from '@bufbuild/protobuf'

export interface Member {
  readonly case: string
  readonly value: Message
}

/** A property that is null or absent is not set. */
export function made<D extends DescMessage>(schema: D, fields: object): MessageShape<D> {
  const entries = Object.entries(fields)
  const set: unknown[][] = entries.filter(([, value]) => value !== null && value !== undefined)
  return create(schema, Object.fromEntries(set))
}

/** One of many that the message can hold: `kind` is `get-record` where the generated code has `getRecord`. */
export function member(schema: DescMessage, kind: string, fields: object): Member {
  const name = kind.replaceAll(/-(.)/g, (_dash, letter: string) => letter.toUpperCase())
  const inner = schema.fields.find((each) => each.localName === name)?.message
  if (!inner) throw new Error(`${schema.name} has no ${kind}`)
  return { case: name, value: made(inner, fields) }
}

/** The generated code gives views of other classes than those that are expected. */
export function plain(bytes: Buffer): Uint8Array {
  return Uint8Array.from(bytes)
}
