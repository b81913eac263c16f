/** Chance for random tests: the seed is in the message of what fails, and `TENURE_TEST_SEED` runs it again. */

export type Draw = () => number

/** A seed for one run: the wanted one, else a fresh one. */
export function freshSeed(): number {
  const wanted = process.env['TENURE_TEST_SEED']
  return wanted === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(wanted)
}

/** Numbers from 0 up to 1; the same seed gives the same ones. */
export function drawOf(seed: number): Draw {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One of these. */
export function oneOf<T>(draw: Draw, choices: readonly T[]): T {
  const chosen = choices[Math.floor(draw() * choices.length)]
  if (chosen === undefined) throw new Error('there is nothing to choose from')
  return chosen
}

/** A number from `least` up to `most`. */
export function between(draw: Draw, least: number, most: number): number {
  return least + draw() * (most - least)
}
