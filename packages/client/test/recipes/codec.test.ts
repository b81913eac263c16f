/** Values of a program as the bytes that others see. */
import { jsonCodec } from 'tenure'
import { expect, test } from 'vitest'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('S4-11: a value comes back from JSON as it went', () => {
  const codec = jsonCodec<{ readonly name: string; readonly ports: readonly number[] }>()
  const value = { name: 'Ännchen', ports: [1, 2] }
  const encoded = codec.encode(value)
  expect(encoded).toBe('{"name":"Ännchen","ports":[1,2]}')
  expect(codec.decode(bytes(String(encoded)))).toEqual(value)
})

test('what JSON has no form for is refused before it is sent', () => {
  const codec = jsonCodec<unknown>()
  expect(() => codec.encode(undefined)).toThrow(TypeError)
  expect(() => codec.encode(Symbol('s'))).toThrow(TypeError)
})

test('bytes that are no JSON, or no UTF-8, are an error', () => {
  const codec = jsonCodec<unknown>()
  expect(() => codec.decode(bytes('{'))).toThrow(SyntaxError)
  expect(() => codec.decode(new Uint8Array([0x22, 0xff, 0x22]))).toThrow(TypeError)
})

test('a parse decides what is a value', () => {
  const codec = jsonCodec((value) => {
    if (typeof value !== 'number') throw new RangeError('a number is wanted')
    return value
  })
  expect(codec.decode(bytes('4'))).toBe(4)
  expect(() => codec.decode(bytes('"4"'))).toThrow('a number is wanted')
})
