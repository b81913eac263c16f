/** What an error text may say to a stranger: nothing of how and where the server is made (M3). */
const TELLTALE =
  /node_modules|\.[cm]?[jt]s\b|\n\s*at |\bat \S+ \(|file:|\/(?:home|tmp|usr|var|root|work)\b|\bError:|undefined|\[object|0x[0-9a-f]{6}/i

/** @throws Error for a text that tells too much, or nothing */
export function assertPlain(text: string): void {
  if (text.trim() === '') throw new Error('an error without a text')
  if (TELLTALE.test(text)) throw new Error(`an error text tells too much: ${text}`)
}
