import { expect, test } from 'vitest'
import { parseConnectionString } from '../src/connection-string.ts'

test('an address names a host, a port and a database', () => {
  expect(parseConnectionString('grpc://localhost:2136/local')).toEqual({
    secure: false,
    hosts: ['localhost:2136'],
    database: '/local',
    text: 'grpc://localhost:2136/local',
  })
})

test('grpcs means TLS', () => {
  expect(parseConnectionString('grpcs://a:1/b').secure).toBe(true)
})

test('several hosts stand with commas, a port that is left out is 2136', () => {
  const { hosts } = parseConnectionString('grpc://a:1,b,[::1]:3,[fe80::1]/local')
  expect(hosts).toEqual(['a:1', 'b:2136', '[::1]:3', '[fe80::1]:2136'])
})

test('the database may stand in the query, as YDB writes it', () => {
  expect(parseConnectionString('grpc://a:1/?database=/ru/db').database).toBe('/ru/db')
  expect(parseConnectionString('grpc://a:1?database=local').database).toBe('/local')
})

test('a database of several parts is kept whole', () => {
  expect(parseConnectionString('grpc://a:1/ru-central1/b1g/etn').database).toBe(
    '/ru-central1/b1g/etn',
  )
})

test.for([
  '',
  'localhost:2136/local',
  'http://a:1/local',
  'grpc://a:1',
  'grpc://a:1/',
  'grpc:///local',
  'grpc://a:0/local',
  'grpc://a:65536/local',
  'grpc://a:x/local',
  'grpc://a:1,,b:2/local',
  'grpc://::1/local',
])('"%s" is no address', (text) => {
  expect(() => parseConnectionString(text)).toThrow(RangeError)
})

test('a password in an address is refused, and not repeated in the error', () => {
  expect(() => parseConnectionString('grpc://anna:secret@a:1/local')).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('secret') }),
  )
})
