/**
 * A number that a node draws from a counter and that was perhaps not told yet: somewhere between two bounds.
 *
 * Counters are shared by many objects of which a history shows one, so numbers may be left out, but they only grow.
 */

export interface Serial {
  readonly least: bigint
  /** null: no bound. */
  readonly most: bigint | null
}

export function exactly(number: bigint): Serial {
  return { least: number, most: number }
}

export function above(number: bigint): Serial {
  return { least: number + 1n, most: null }
}

export function mayBe({ least, most }: Serial, number: bigint): boolean {
  return number >= least && (most === null || number <= most)
}

/** What is known of growing numbers if each is above the one before it; null when they cannot be. */
export function growing(serials: readonly Serial[]): Serial[] | null {
  const least: bigint[] = []
  for (const serial of serials) {
    const before = least.at(-1)
    least.push(before === undefined || serial.least > before ? serial.least : before + 1n)
  }
  const bounded: Serial[] = []
  let most: bigint | null = null
  for (const [back, serial] of serials.toReversed().entries()) {
    const below: bigint | null = most === null ? null : most - 1n
    most = serial.most === null || (below !== null && below < serial.most) ? below : serial.most
    const from = least[serials.length - 1 - back] ?? serial.least
    if (most !== null && from > most) return null
    bounded.push({ least: from, most })
  }
  return bounded.toReversed()
}

export function printed({ least, most }: Serial): string {
  if (least === most) return `${least}`
  return most === null ? `${least}+` : `${least}-${most}`
}
