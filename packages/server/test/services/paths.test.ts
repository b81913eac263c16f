/** One spelling for each path. */
import { expect, test } from 'vitest'
import { canonicalDatabase, canonicalPath } from '../../src/services/paths.ts'

// guards: A2
test.for([
  ['/local/a', '', '/local/a'],
  ['//local///a//b/', '', '/local/a/b'],
  ['a/b', '', '/local/a/b'],
  ['a', '/local/', '/local/a'],
  ['/local/...', '', '/local/...'],
  ['/local/ä b', '', '/local/ä b'],
] as const)('%s relative to %j is %s', ([path, database, canonical]) => {
  expect(canonicalPath(path, '/local', database)).toEqual({ kind: 'path', path: canonical })
})

// guards: A2, M2
test.for([
  ['', 'malformed'],
  ['..', 'malformed'],
  ['/local/a/..', 'malformed'],
  ['/local/./a', 'malformed'],
  ['/local/a\0', 'malformed'],
  [`/local/${'ä'.repeat(509)}`, 'malformed'],
  ['/', 'outside'],
  ['/local', 'database'],
  ['/local/', 'database'],
  ['/locality/a', 'outside'],
  ['/other/a', 'outside'],
] as const)('%j is %s', ([path, kind]) => {
  expect(canonicalPath(path, '/local', '').kind).toBe(kind)
})

test('a path of 1024 bytes is the longest', () => {
  const path = `/local/${'ä'.repeat(508)}a`
  expect(Buffer.byteLength(path)).toBe(1024)
  expect(canonicalPath(path, '/local', '').kind).toBe('path')
  expect(canonicalPath(`${path}a`, '/local', '').kind).toBe('malformed')
})

test('a relative path is taken below the database that the call names, and must be in ours', () => {
  expect(canonicalPath('a', '/local', '/other').kind).toBe('outside')
})

test('a database has a name below the root', () => {
  expect(canonicalDatabase('/local/')).toBe('/local')
  for (const name of ['', '/', 'local']) expect(() => canonicalDatabase(name)).toThrow(RangeError)
})
