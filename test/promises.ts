/** Which tests hold which promise: read from the `guards:` comments of all tests. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

const DOCUMENT = 'RELIABILITY.md'
const TABLE = /(<!-- tests -->\n)[^]*(\n<!-- end of tests -->)/

/** Paths of the tests that name a promise, by its id. */
export function guards(): ReadonlyMap<string, readonly string[]> {
  const paths = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  })
    .split('\n')
    .filter((path) => /(^|\/)test\/.*\.(ts|txt)$/.test(path) && existsSync(path))
    .toSorted()
  const found = new Map<string, string[]>()
  for (const path of paths) {
    for (const id of new Set(idsIn(readFileSync(path, 'utf8')))) {
      found.set(id, [...(found.get(id) ?? []), path])
    }
  }
  return found
}

/** A comment may run over several lines, each of which then says `guards:`. */
function idsIn(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line) => /^\s*(?:\/\/|\*|#)\s*guards:(.*)$/.exec(line)?.[1] ?? [])
    .flatMap((list) => list.match(/\b[A-Z]\d+\b/g) ?? [])
}

/** The promises of the document, in its order. */
export function promised(): readonly string[] {
  return Array.from(document().matchAll(/^\| \*\*([A-Z]\d+)\*\* \|/gm), ([, id = '']) => id)
}

function document(): string {
  return readFileSync(DOCUMENT, 'utf8')
}

/** The document with the table of tests as it is at present. */
export function documentWithTests(): string {
  const tests = guards()
  const rows = promised().map((id) => `| ${id} | ${listOf(tests.get(id) ?? [])} |`)
  const table = ['| promise | tests |', '| --- | --- |', ...rows].join('\n')
  return document().replace(TABLE, (_, begin: string, end: string) => begin + table + end)
}

/** Tests of one folder together, so that a row stays readable. */
function listOf(paths: readonly string[]): string {
  const folders = new Map<string, string[]>()
  for (const path of paths) {
    const at = path.lastIndexOf('/')
    const folder = path.slice(0, at)
    const name = path.slice(at + 1).replace(/(\.property)?(\.test)?\.(ts|txt)$/, '')
    folders.set(folder, [...(folders.get(folder) ?? []), name])
  }
  return Array.from(folders, ([folder, names]) => `\`${folder}\`: ${names.join(', ')}`).join('; ')
}
