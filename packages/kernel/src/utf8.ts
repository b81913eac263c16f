/**
 * Text to UTF-8 and back. Texts with lone surrogates have no UTF-8 form and are told apart, never repaired.
 */

/** The bytes of the text's UTF-8 form; -1 when it has none. */
export function utf8Length(text: string): number {
  let length = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) continue
    if (unit < 0x800) {
      length += 1
    } else if (!isSurrogate(unit)) {
      length += 2
    } else {
      if (!isPair(unit, text.charCodeAt(index + 1))) return -1
      // Two units stand for four bytes.
      length += 2
      index += 1
    }
  }
  return length
}

/** As much of a well-formed text, from its beginning, as has at most so many bytes in UTF-8. */
export function utf8Cut(text: string, bytesMax: number): string {
  let bytes = 0
  let end = 0
  for (const character of text) {
    bytes += utf8Length(character)
    if (bytes > bytesMax) return text.slice(0, end)
    end += character.length
  }
  return text
}

/** Writes a well-formed text. The caller has made room by `utf8Length`. */
export function writeUtf8(bytes: Uint8Array, offset: number, text: string): void {
  let at = offset
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) {
      bytes[at++] = unit
    } else if (unit < 0x800) {
      bytes[at++] = 0xc0 | (unit >> 6)
      bytes[at++] = 0x80 | (unit & 0x3f)
    } else if (!isSurrogate(unit)) {
      bytes[at++] = 0xe0 | (unit >> 12)
      bytes[at++] = 0x80 | ((unit >> 6) & 0x3f)
      bytes[at++] = 0x80 | (unit & 0x3f)
    } else {
      const point = text.codePointAt(index) ?? unit
      index += 1
      bytes[at++] = 0xf0 | (point >> 18)
      bytes[at++] = 0x80 | ((point >> 12) & 0x3f)
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f)
      bytes[at++] = 0x80 | (point & 0x3f)
    }
  }
}

/** The text that has exactly these bytes; null when no text has. */
export function utf8Text(bytes: Uint8Array): string | null {
  let text = ''
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] ?? 0
    const length = sequenceLength(first)
    if (at + length > bytes.length) return null
    let point = length === 1 ? first : first & (0xff >> (length + 1))
    for (let index = 1; index < length; index++) {
      point = (point << 6) | ((bytes[at + index] ?? 0) & 0x3f)
    }
    if (point > 0x10_ffff) return null
    text += String.fromCodePoint(point)
    at += length
  }
  return isFormOf(bytes, text) ? text : null
}

// Encoding once more finds every malformed sequence: stray, missing and overlong bytes, and surrogates.
function isFormOf(bytes: Uint8Array, text: string): boolean {
  if (utf8Length(text) !== bytes.length) return false
  const again = new Uint8Array(bytes.length)
  writeUtf8(again, 0, text)
  return again.every((byte, index) => byte === bytes[index])
}

function sequenceLength(first: number): number {
  if (first < 0x80) return 1
  if (first < 0xe0) return 2
  return first < 0xf0 ? 3 : 4
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}

// A missing second unit arrives as NaN and fails both comparisons.
function isPair(high: number, low: number): boolean {
  return high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff
}
