/** How a value of the program becomes the bytes that others see, and back. */
import type { Bytes } from '../bytes.ts'
import { wrongType } from '../wrong-argument.ts'

export interface Codec<T> {
  encode(value: T): Bytes
  /** What it throws ends the watch that has met the bytes. */
  decode(bytes: Uint8Array): T
}

/** Bytes as they are: the codec of whoever names none. */
export const BYTES_CODEC: Codec<Uint8Array> = {
  encode: (value) => value,
  decode: (bytes) => bytes,
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Values as JSON text. Nothing checks that what another has written is a `T`: give a `parse` that does where others cannot be trusted.
 *
 * @param parse makes a `T` of what the JSON says, or throws
 */
export function jsonCodec<T>(parse?: (value: unknown) => T): Codec<T> {
  const read: (text: string) => T =
    parse === undefined ? JSON.parse : (text) => parse(JSON.parse(text))
  return {
    encode(value) {
      const text: string | undefined = JSON.stringify(value)
      if (text === undefined) throw wrongType(`a ${typeof value} has no form in JSON`)
      return text
    },
    decode: (bytes) => read(strictUtf8.decode(bytes)),
  }
}
