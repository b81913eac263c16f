/**
 * The errors for a wrong argument: those of the language, thrown before any message is sent, with the code that the server's own refusal
 * of such a value has.
 */

interface Coded {
  readonly code: 'INVALID_ARGUMENT'
}

/** A value of the right type that is not allowed. */
export function outOfRange(message: string): RangeError & Coded {
  return Object.assign(new RangeError(message), { code: 'INVALID_ARGUMENT' as const })
}

/** A value of a wrong type. */
export function wrongType(message: string): TypeError & Coded {
  return Object.assign(new TypeError(message), { code: 'INVALID_ARGUMENT' as const })
}
