/** What is written in commits: the same for every engine and for what lies below it. */

const KEYS = 8_192
/** A store must not get away with writing the same again. */
const DIFFERENT = 64
const FILLER = '-'.repeat(48)

export interface Row {
  readonly key: Buffer
  readonly value: Buffer
}

/** @returns gives the next of some sets of `count` rows, which are made beforehand, each by `made` */
export function setsOfRows<T>(count: number, made: (rows: readonly Row[]) => T): () => T {
  const sets = Array.from({ length: DIFFERENT }, (_, set) =>
    made(Array.from({ length: count }, (__, row) => rowOf(set * count + row, set))),
  )
  let turn = 0
  return () => {
    turn = (turn + 1) % DIFFERENT
    const set = sets[turn]
    if (set === undefined) throw new RangeError('no set of rows')
    return set
  }
}

function rowOf(number: number, set: number): Row {
  return {
    key: Buffer.from(`row-${number % KEYS}`),
    value: Buffer.from(`${number}/${set}/${FILLER}`),
  }
}
