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
  expect(piecesOf(section?.[1] ?? '')).toEqual(['shown'])
})

/** Of each piece of a program: `shown` when it stands in the example, else the piece itself. */
function piecesOf(text: string): string[] {
  const folder = 'examples/order'
  const sources = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
  return [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, piece = '']) =>
    sources.some((source) => source.includes(piece)) ? 'shown' : piece,
  )
}
