import { expect, test } from 'vitest'
import { EngineError } from '../../src/errors.ts'
import { AwayError } from '../../src/postgres/failure.ts'
import { checkUsable, dangersOf } from '../../src/postgres/safety.ts'
import type { Settings } from '../../src/postgres/safety.ts'

const GOOD: Settings = {
  server_version_num: '150008',
  server_encoding: 'UTF8',
  transaction_read_only: 'off',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  synchronous_standby_names: '',
  zero_damaged_pages: 'off',
  ignore_checksum_failure: 'off',
}

// guards: D6
test.for([
  { fsync: 'off' },
  { full_page_writes: 'off' },
  { synchronous_commit: 'off' },
  { synchronous_commit: 'local', synchronous_standby_names: 'b' },
  { synchronous_commit: 'remote_write', synchronous_standby_names: 'b' },
  { zero_damaged_pages: 'on' },
  { ignore_checksum_failure: 'on' },
])('%j is a danger', (changes) => {
  expect(dangersOf({ ...GOOD, ...changes })).toHaveLength(1)
})

test.for([
  {},
  { synchronous_commit: 'local' },
  { synchronous_commit: 'remote_write' },
  { synchronous_commit: 'remote_apply', synchronous_standby_names: 'b' },
  // A database that speaks the protocol may not know a setting.
  { zero_damaged_pages: '', ignore_checksum_failure: '' },
])('%j is no danger', (changes) => {
  expect(dangersOf({ ...GOOD, ...changes })).toEqual([])
})

test('a server that is too old is refused', () => {
  const old = { ...GOOD, server_version_num: '120019' }
  expect(() => checkUsable('postgres h/d', old, false)).toThrow('at least 130000 is needed')
  expect(() => checkUsable('postgres h/d', old, false)).toThrow(EngineError)
  expect(() => checkUsable('postgres h/d', { ...GOOD, server_version_num: '' }, false)).toThrow(
    EngineError,
  )
  checkUsable('postgres h/d', GOOD, false)
})

test('a server that takes no writes at present is passed over', () => {
  expect(() => checkUsable('postgres h/d', GOOD, true)).toThrow(AwayError)
  const readOnly = { ...GOOD, transaction_read_only: 'on' }
  expect(() => checkUsable('postgres h/d', readOnly, false)).toThrow(AwayError)
})
