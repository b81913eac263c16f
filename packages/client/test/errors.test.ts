import { expect, test } from 'vitest'
import * as errors from '../src/errors.ts'
import { AcquireTimeoutError, errorOf, NotFoundError, TenureError } from '../src/errors.ts'

test('every error says its class, a stable code, and whether trying again may help', () => {
  const error = new NotFoundError('no such thing')
  expect(error).toBeInstanceOf(TenureError)
  expect(error).toMatchObject({ name: 'NotFoundError', code: 'NOT_FOUND', retryable: false })
  expect(new errors.UnavailableError('away').retryable).toBe(true)
  expect(new errors.ClientClosedError('closed').retryable).toBe(false)
})

test('an AcquireTimeoutError is a TimeoutError', () => {
  const error = new AcquireTimeoutError('late')
  expect(error).toBeInstanceOf(errors.TimeoutError)
  expect(error).toMatchObject({ name: 'AcquireTimeoutError', code: 'TIMEOUT' })
})

test('the error of a refusal says what was asked, what the server said, and what to do', () => {
  const refusal = {
    kind: 'refused',
    code: 'NOT_FOUND',
    message: 'no node',
    status: 400_140,
  } as const
  expect(errorOf(refusal, 'cannot open a session on "/a"')).toMatchObject({
    name: 'NotFoundError',
    message: 'cannot open a session on "/a": NOT_FOUND: no node; create it first',
    status: 400_140,
    issues: [{ message: 'no node' }],
  })
})

test('what the server has advised is not said twice', () => {
  const refusal = { kind: 'refused', code: 'OVERLOADED', message: 'full; try again later' } as const
  expect(errorOf(refusal, 'cannot get record "a"').message).toBe(
    'cannot get record "a": OVERLOADED: full; try again later',
  )
})

test.for([
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PRECONDITION_FAILED',
  'ABORTED',
  'SESSION_EXPIRED',
  'BAD_SESSION',
  'UNAUTHORIZED',
  'OVERLOADED',
  'UNAVAILABLE',
  'TIMEOUT',
  'UNSUPPORTED',
  'INTERNAL',
] as const)('the code %s has a class of its name', (code) => {
  const error = errorOf({ kind: 'refused', code, message: '' }, 'cannot')
  expect(error.code).toBe(code)
  const name = code
    .toLowerCase()
    .replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())
  expect(error.name).toBe(`${name}Error`)
})
