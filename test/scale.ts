/** How much of a random test is run: 1 in the full tier, more at night. */
const factor = Number(process.env['TENURE_TEST_SCALE'] ?? '1')

/** @returns `count` for the full tier, as many times more as `TENURE_TEST_SCALE` says, at least 1 */
export function scaled(count: number): number {
  return Math.max(1, Math.round(count * factor))
}
