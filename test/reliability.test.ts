/** RELIABILITY.md and the tests say the same; `npx vitest -u --project house` writes its table anew. */
import { expect, test } from 'vitest'
import { documentWithTests, guards, promised } from './promises.ts'

test('every promise of RELIABILITY.md has a test', () => {
  const held = guards()
  expect(promised().length).toBeGreaterThan(30)
  expect(promised().filter((id) => !held.has(id))).toEqual([])
})

test('every promise that a test guards is in RELIABILITY.md', () => {
  const known = new Set(promised())
  expect([...guards()].filter(([id]) => !known.has(id))).toEqual([])
})

test('the table of RELIABILITY.md names the tests there are', async () => {
  await expect(documentWithTests()).toMatchFileSnapshot('../RELIABILITY.md')
})
