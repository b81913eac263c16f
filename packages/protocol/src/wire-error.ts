/** How malformed bytes are reported. */

/** The bytes are no message of the expected kind. The text is safe to show to whoever sent them. */
export class WireError extends Error {
  override name = 'WireError'
}
