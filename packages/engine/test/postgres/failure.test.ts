import { DatabaseError } from 'pg'
import { expect, test } from 'vitest'
import { DamagedError, EngineError, FencedError, FullError } from '../../src/errors.ts'
import {
  AwayError,
  engineErrorOf,
  openingVerdictOf,
  reasonOf,
  UnansweredError,
  verdictOf,
} from '../../src/postgres/failure.ts'

function failed(code: string, severity = 'ERROR'): DatabaseError {
  return Object.assign(new DatabaseError('it failed', 0, 'error'), { code, severity })
}

test.for([
  ['a serialization failure', '40001', 'again'],
  ['a deadlock', '40P01', 'again'],
  ['a cancel', '57014', 'again'],
  ['a lost connection', '08006', 'unknown'],
  ['a shutdown by an administrator', '57P01', 'unknown'],
  ['a crash of another session', '57P02', 'unknown'],
  ['an unknown completion', '40003', 'unknown'],
  ['a standby', '25006', 'away'],
  ['a server that starts', '57P03', 'away'],
  ['too many connections', '53300', 'away'],
  ['a full disk', '53100', 'full'],
  ['no memory', '53200', 'full'],
  ['a damaged page', 'XX001', 'damaged'],
  ['a damaged index', 'XX002', 'damaged'],
  ['a table that is gone', '42P01', 'refused'],
  ['a failing disk', '58030', 'refused'],
] as const)('%s (%s) means "%s"', ([, code, verdict]) => {
  expect(verdictOf(failed(code))).toBe(verdict)
})

test('what ends a session leaves its statement unknown, whatever the code', () => {
  expect(verdictOf(failed('XX000', 'FATAL'))).toBe('unknown')
  expect(verdictOf(failed('XX000', 'PANIC'))).toBe('unknown')
  expect(verdictOf(failed('XX000'))).toBe('refused')
  expect(verdictOf(new Error('Connection terminated unexpectedly'))).toBe('unknown')
  expect(verdictOf(new UnansweredError('no answer'))).toBe('unknown')
  expect(verdictOf(new AwayError('no server'))).toBe('away')
  expect(verdictOf(new FencedError('fenced'))).toBe('refused')
})

test('what no other attempt changes is not tried again when a connection is made', () => {
  for (const code of ['28P01', '28000', '3D000', '42501']) {
    expect(openingVerdictOf(failed(code, 'FATAL'))).toBe('refused')
  }
  expect(openingVerdictOf(new EngineError('unsafe'))).toBe('refused')
  expect(openingVerdictOf(failed('57P03', 'FATAL'))).toBe('away')
  expect(openingVerdictOf(new AwayError('a standby'))).toBe('away')
  expect(openingVerdictOf(new UnansweredError('silent'))).toBe('away')
  expect(openingVerdictOf(new Error('connect ECONNREFUSED'))).toBe('away')
})

// guards: D4, D5
test('a full disk and damage have errors of their own', () => {
  expect(engineErrorOf('postgres h/d', failed('53100'))).toBeInstanceOf(FullError)
  expect(engineErrorOf('postgres h/d', failed('XX001'))).toBeInstanceOf(DamagedError)
  const other = engineErrorOf('postgres h/d', failed('42P01'))
  expect(other.message).toBe('postgres h/d: it failed (42P01)')
  const fenced = new FencedError('fenced')
  expect(engineErrorOf('postgres h/d', fenced)).toBe(fenced)
})

// guards: M3
test('a reason holds no key and no value', () => {
  const error = Object.assign(failed('23505'), { detail: 'Key (key)=(secret) already exists.' })
  expect(reasonOf(error)).toBe('it failed (23505)')
})
