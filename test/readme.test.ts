/** What the documents show of programs is in the examples, to the letter. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('the program in the README is the example that runs', () => {
  const program = readFileSync('examples/first/main.ts', 'utf8').replace(/^\/\*\*.*\*\/\n/, '')
  expect(readFileSync('README.md', 'utf8')).toContain(`\`\`\`ts\n${program}\`\`\``)
})

test('the README shows pieces of the orders that run', () => {
  const section = /\n## Work that is finished(.*?)\n## /s.exec(readFileSync('README.md', 'utf8'))
  expectPieces(section?.[1] ?? '', 1)
})

test('the page of the session log shows pieces of the example that runs', () => {
  expectPieces(readFileSync('docs/recipes/truba.md', 'utf8'), 3)
})

function expectPieces(text: string, count: number): void {
  const folder = 'examples/order'
  const sources = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
  const pieces = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, piece = '']) => piece)
  expect(pieces).toHaveLength(count)
  for (const piece of pieces) expect(sources.some((source) => source.includes(piece))).toBe(true)
}
