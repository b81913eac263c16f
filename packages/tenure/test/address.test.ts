/** Which address counts, and what it says. */
import { afterEach, expect, test, vi } from 'vitest'
import { databaseOf, effectiveAddress } from '../src/address.ts'

afterEach(() => vi.unstubAllEnvs())

test('J10: an address that is given counts before the environment', () => {
  vi.stubEnv('TENURE_CONNECTION_STRING', 'grpc://a:1/local')
  expect(effectiveAddress('memory:')).toBe('memory:')
})

test('J10: TENURE_CONNECTION_STRING counts before YDB_CONNECTION_STRING', () => {
  vi.stubEnv('TENURE_CONNECTION_STRING', 'grpc://a:1/local')
  vi.stubEnv('YDB_CONNECTION_STRING', 'grpc://b:1/local')
  expect(effectiveAddress()).toBe('grpc://a:1/local')
  vi.stubEnv('TENURE_CONNECTION_STRING', '')
  expect(effectiveAddress()).toBe('grpc://b:1/local')
})

test('J10: without any the server of this machine is meant', () => {
  vi.stubEnv('TENURE_CONNECTION_STRING', '')
  vi.stubEnv('YDB_CONNECTION_STRING', '')
  expect(effectiveAddress()).toBe('grpc://127.0.0.1:2136/local')
})

test.for([
  ['grpc://a:1/local', '/local'],
  ['grpcs://a:1,b:2/ru/home/', '/ru/home'],
  ['grpc://a:1/?database=/ru/db', '/ru/db'],
  ['grpc://a:1', '/local'],
  ['memory:', '/local'],
  ['file:./data', '/local'],
] as const)('the database of %s is %s', ([address, database]) => {
  expect(databaseOf(address)).toBe(database)
})
