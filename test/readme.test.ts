/** The README shows a program; it is the one in examples/first, to the letter. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('the program in the README is the example that runs', () => {
  const program = readFileSync('examples/first/main.ts', 'utf8').replace(/^\/\*\*.*\*\/\n/, '')
  expect(readFileSync('README.md', 'utf8')).toContain(`\`\`\`ts\n${program}\`\`\``)
})
