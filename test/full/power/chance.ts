/** Chance that can be repeated: `TENURE_TEST_SEED` gives the seed of an earlier run. */
export function seedOf(): number {
  const given = process.env['TENURE_TEST_SEED']
  return given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given)
}

/** @returns a function whose numbers, from 0 to below 1, follow from `seed` */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
