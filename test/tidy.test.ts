/**
 * The house rules that no compiler sees: floors, module comments, words that do not belong into sources, invariants that
 * exist on both sides, and specification rows that must have a test.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Which rooms a room may import. */
const floors: Record<string, readonly string[]> = {
  kernel: [],
  protocol: [],
  engine: ['@tenure/kernel'],
  server: ['@tenure/kernel', '@tenure/engine', '@tenure/protocol', '@tenure/protocol/tenure-v1'],
  client: ['@tenure/protocol', '@tenure/protocol/tenure-v1'],
  tenure: [
    '@tenure/client',
    '@tenure/server',
    '@tenure/engine',
    '@tenure/engine/memory',
    '@tenure/engine/file',
    '@tenure/engine/etcd',
    '@tenure/engine/postgres',
  ],
}

/** Inside the server and the client: folders that must not know other folders. */
const walls: readonly { readonly inside: string; readonly mayNotImport: RegExp }[] = [
  { inside: 'packages/server/src/tablet/', mayNotImport: /\.\.\/(services|grpc|http|host)\// },
  { inside: 'packages/server/src/host/', mayNotImport: /\.\.\/(services|grpc|http)\// },
  { inside: 'packages/server/src/services/', mayNotImport: /\.\.\/(grpc|http)\// },
  { inside: 'packages/client/src/recipes/', mayNotImport: /\.\.\/(link|session)\// },
  { inside: 'packages/client/src/session/', mayNotImport: /\.\.\/(recipes|link\/ydb)\// },
]

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(path))
const sources = tracked.filter(
  (path) =>
    /^(packages\/[^/]+\/src|(bench|checker|sim)\/src|examples)\/.*\.ts$/.test(path) &&
    !path.includes('/gen/'),
)
const tests = tracked.filter((path) => /\/?test\/.*\.(ts|txt)$/.test(path))
const text = new Map([...sources, ...tests].map((path) => [path, readFileSync(path, 'utf8')]))

function linesWhere(
  paths: readonly string[],
  wrong: (line: string, path: string) => boolean,
): string[] {
  return paths.flatMap((path) =>
    (text.get(path) ?? '')
      .split('\n')
      .flatMap((line, at) => (wrong(line, path) ? [`${path}:${at + 1} ${line.trim()}`] : [])),
  )
}

function importedRoom(line: string): string | undefined {
  return /(?:from|import)\s*\(?['"]((?:@tenure\/|tenure\b)[^'"]*)['"]/.exec(line)?.[1]
}

function isComment(line: string): boolean {
  return /^\s*(\/\/|\*|\/\*)/.test(line)
}

const rules: Record<string, () => string[]> = {
  'a room imports only the floors below it': () =>
    linesWhere(sources, (line, path) => {
      const room = /^packages\/([^/]+)\//.exec(path)?.[1]
      const imported = importedRoom(line)
      return room !== undefined && imported !== undefined && !floors[room]?.includes(imported)
    }),
  'inside a room the walls stand': () =>
    walls.flatMap(({ inside, mayNotImport }) =>
      linesWhere(
        sources.filter((path) => path.startsWith(inside)),
        (line) => /\bfrom\s/.test(line) && mayNotImport.test(line),
      ),
    ),
  'examples import only the public doors': () =>
    linesWhere(
      sources.filter((path) => path.startsWith('examples/')),
      (line) => {
        const imported = importedRoom(line)
        return imported !== undefined && imported !== 'tenure' && imported !== '@tenure/client'
      },
    ),
  'no star exports': () => linesWhere(sources, (line) => line.startsWith('export *')),
  'nothing is left for later': () =>
    linesWhere(
      [...sources, ...tests],
      (line, path) => path !== 'test/tidy.test.ts' && /\b(TODO|FIXME|XXX)\b/.test(line),
    ),
  'comments tell no history': () =>
    linesWhere(
      sources,
      (line) =>
        isComment(line) &&
        /\b(previously|formerly|refactored|no longer used|used to be)\b/i.test(line),
    ),
  'a source file starts by saying what it is': () =>
    sources.filter((path) => !/^(#!.*\n)?\/\*\*/.test(text.get(path) ?? '')),
  'a file is at most 400 lines': () =>
    sources.filter((path) => (text.get(path) ?? '').split('\n').length > 401),
  'no file is a drawer for anything': () =>
    sources.filter((path) => /\/(utils?|helpers?|common|manager|types|misc)\.ts$/.test(path)),
  'no test is skipped in silence or runs alone': () =>
    linesWhere(
      tests.filter((path) => path !== 'test/tidy.test.ts'),
      (line) => /\b(test|it|describe)\.(only|skip|todo)\s*\(/.test(line),
    ),
}

test.for(Object.keys(rules))('%s', (name) => {
  expect(rules[name]?.()).toEqual([])
})

test('every invariant named in the code is in docs/invariants.md, and the reverse', () => {
  const inCode = new Set(
    sources.flatMap((path) => (text.get(path) ?? '').match(/\bI-\d+\b/g) ?? []),
  )
  const inDocument = new Set(readFileSync('docs/invariants.md', 'utf8').match(/\bI-\d+\b/g) ?? [])
  expect([...inCode].filter((id) => !inDocument.has(id))).toEqual([])
  expect([...inDocument].filter((id) => !inCode.has(id))).toEqual([])
})

/** How many rows each part of the feature list has: the session API, the lock and workers examples, the session log, records, elections. */
const PARTS = { S0: 33, S1: 13, S2: 35, S3: 30, S4: 11 } as const

const rows = Object.entries(PARTS).flatMap(([part, length]) =>
  Array.from({ length }, (_, at) => `${part}-${String(at + 1).padStart(2, '0')}`),
)

/** Rows that are not built as they stand, with the reasons. */
const divergence = readFileSync('docs/divergence.md', 'utf8')

test.for(rows)('the row %s has a test that names it, or docs/divergence.md names it', (row) => {
  const isTested = tests.some(
    (path) => path !== 'test/tidy.test.ts' && (text.get(path) ?? '').includes(row),
  )
  expect(isTested || divergence.includes(row)).toBe(true)
})
