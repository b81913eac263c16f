/** The catalogue of planted bugs fits the product as it is. That each of them is found is tested in the full tier. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MUTANTS } from '../src/mutants/catalogue.ts'
import { trial } from '../src/mutants/trial.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const MUTANTS_MIN = 25

test('there are enough planted bugs, each with a name of its own', () => {
  const names = new Set(MUTANTS.map(({ name }) => name))
  expect(names.size).toBe(MUTANTS.length)
  expect(MUTANTS.length).toBeGreaterThanOrEqual(MUTANTS_MIN)
})

test.each(MUTANTS)('"$name" has one place in the product', ({ file, original, planted }) => {
  const source = readFileSync(join(REPOSITORY, file), 'utf8')
  expect(source.split(original)).toHaveLength(2)
  expect(planted).not.toBe(original)
})

test('a planted bug is found, and the product without it has none', async () => {
  const name = 'sessions never expire'
  const mutant = MUTANTS.find((one) => one.name === name)
  if (mutant === undefined) throw new Error(`there is no mutant "${name}"`)
  const seeds = { from: 1, seeds: 5 }
  expect(await trial(mutant, seeds)).not.toBeNull()
  expect(await trial({ ...mutant, planted: mutant.original }, seeds)).toBeNull()
}, 60_000)
