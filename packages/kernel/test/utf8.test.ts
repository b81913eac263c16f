import { array, assert, constantFrom, nat, oneof, property, string, uint8Array } from 'fast-check'
import { expect, test } from 'vitest'
import { utf8Length, utf8Text, writeUtf8 } from '../src/utf8.ts'

const unit = nat(0xffff).map((code) => String.fromCharCode(code))
const surrogate = constantFrom('\ud800', '\udbff', '\udc00', '\udfff')
const anyText = oneof(
  string({ unit: 'binary' }),
  array(oneof(unit, surrogate)).map((units) => units.join('')),
)

/** Node's own encoder writes U+FFFD for what has no form; then the bytes do not decode to the text. */
function nodeBytes(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'utf8')
  return bytes.toString('utf8') === text ? bytes : null
}

test('a text has the length and the bytes that UTF-8 gives it, or none', () => {
  assert(
    property(anyText, (text) => {
      const expected = nodeBytes(text)
      expect(utf8Length(text)).toBe(expected?.length ?? -1)
      if (expected === null) return
      const bytes = new Uint8Array(expected.length + 2)
      writeUtf8(bytes, 1, text)
      expect([...bytes]).toEqual([0, ...expected, 0])
      expect(utf8Text(expected)).toBe(text)
    }),
  )
})

test('bytes that are nobody’s form are no text', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const strict = (bytes: Uint8Array): string | null => {
    try {
      return decoder.decode(bytes)
    } catch {
      return null
    }
  }
  const suspicious = constantFrom(
    0x80,
    0xbf,
    0xc0,
    0xc1,
    0xc3,
    0xe0,
    0xed,
    0xa0,
    0xef,
    0xf0,
    0xf4,
    0x90,
    0xf5,
    0xff,
  )
  const bytes = oneof(
    uint8Array(),
    array(oneof(suspicious, nat(0xff))).map((all) => new Uint8Array(all)),
  )
  assert(
    property(bytes, (all) => {
      expect(utf8Text(all)).toBe(strict(all))
    }),
    { numRuns: 500 },
  )
})
