import { expect, test } from 'vitest'
import { credentialsFrom, tlsFrom } from '../src/credentials.ts'

test('without variables the client is anonymous', () => {
  expect(credentialsFrom({})).toEqual({ kind: 'anonymous' })
})

test('YDB_ANONYMOUS_CREDENTIALS=1 comes before a token', () => {
  const environment = { YDB_ANONYMOUS_CREDENTIALS: '1', YDB_ACCESS_TOKEN_CREDENTIALS: 't' }
  expect(credentialsFrom(environment)).toEqual({ kind: 'anonymous' })
})

test('YDB_ACCESS_TOKEN_CREDENTIALS is a token', () => {
  const environment = { YDB_ANONYMOUS_CREDENTIALS: '0', YDB_ACCESS_TOKEN_CREDENTIALS: 't' }
  expect(credentialsFrom(environment)).toEqual({ kind: 'token', token: 't' })
})

test('YDB_STATIC_CREDENTIALS_USER is a user, whose password may be empty', () => {
  const user = { YDB_ACCESS_TOKEN_CREDENTIALS: '', YDB_STATIC_CREDENTIALS_USER: 'anna' }
  expect(credentialsFrom(user)).toEqual({ kind: 'static', user: 'anna', password: '' })
  const both = { ...user, YDB_STATIC_CREDENTIALS_PASSWORD: 'p' }
  expect(credentialsFrom(both)).toEqual({ kind: 'static', user: 'anna', password: 'p' })
})

test('certificates stand in a variable, or in the file that it names', () => {
  expect(tlsFrom({}, read)).toEqual({})
  expect(tlsFrom({ YDB_SSL_ROOT_CERTIFICATES: 'pem' }, read)).toEqual({ ca: 'pem' })
  const files = { YDB_SSL_CERTIFICATE_FILE: 'c', YDB_SSL_PRIVATE_KEY_FILE: 'k' }
  expect(tlsFrom(files, read)).toEqual({
    certificate: Buffer.from('content of c'),
    privateKey: Buffer.from('content of k'),
  })
})

function read(file: string): Uint8Array {
  return Buffer.from(`content of ${file}`)
}
