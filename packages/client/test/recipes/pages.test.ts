/** The pages of the recipes show programs; they are parts of the examples that run, to the letter. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../../../..')

/** Pages whose example has a name of its own. */
const NAMED: Readonly<Record<string, string>> = { truba: 'order' }

const pages = [
  ...readdirSync(join(ROOT, 'docs/recipes'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => ({ page: `docs/recipes/${file}`, name: file.replace(/\.md$/, '') }))
    .map(({ page, name }) => ({ page, example: NAMED[name] ?? name })),
  // S1-04: the page that says what a lock cannot do shows what can.
  { page: 'docs/concepts/locks.md', example: 'fencing' },
]

test.for(pages)('the programs on $page are in the example $example', ({ page, example }) => {
  const folder = join(ROOT, 'examples', example)
  const sources = readdirSync(folder).filter((file) => file.endsWith('.ts'))
  const program = sources.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
  const shown = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/```ts\n(.*?)```/gs)]
  expect(shown).not.toEqual([])
  for (const [, code = ''] of shown) expect(program).toContain(code)
})

test('S1-04: the page about locks says that a lease alone is no mutual exclusion and points to fencing', () => {
  const page = readFileSync(join(ROOT, 'docs/concepts/locks.md'), 'utf8')
  expect(page).toContain('cannot by itself keep two processes out of one place')
  expect(page).toContain('](../recipes/fencing.md)')
})
