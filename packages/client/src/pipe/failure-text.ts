/** Why a handler has failed, as people will read it beside the task. */

const FAILURE_MAX_BYTES = 1024
/** In UTF-8 only the first byte of a character has other upper bits than these. */
const UPPER_BITS = 0xc0
const FOLLOWING_BITS = 0x80

/** @param error whatever was thrown */
export function failureTextOf(error: unknown): string {
  return cut(textOf(error))
}

function textOf(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  } catch {
    return 'it has thrown what has no text'
  }
}

/** Cuts between two characters; half of a surrogate pair, which has no bytes, becomes the sign for that. */
function cut(text: string): string {
  const bytes = Buffer.from(text)
  let end = Math.min(bytes.length, FAILURE_MAX_BYTES)
  while (((bytes[end] ?? 0) & UPPER_BITS) === FOLLOWING_BITS) end -= 1
  return bytes.toString('utf8', 0, end)
}
