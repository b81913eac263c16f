/** What a program says of a theme, and what may be wrong with it. holds: S2-17 */
import { expect, test } from 'vitest'
import { themeInfoOf, themeMessageOf, type ThemeOptions } from '../../src/pipe/theme-options.ts'
import { untyped } from './fake-pipe.ts'

const DEFAULTS = {
  theme: 7,
  name: '',
  handler: '',
  handlerSeconds: 60,
  delaySeconds: 10,
  jitterSeconds: 0,
  concurrency: 16,
  repeatsMax: 0xffff_ffff,
  taskBytesMax: 67_108_864,
}

test('what is not said of a theme has a default', () => {
  expect(themeMessageOf(7, {})).toEqual(DEFAULTS)
  expect(themeMessageOf(7, { name: 'pay', maxRepeats: 3, maxBytes: 10 })).toEqual({
    ...DEFAULTS,
    name: 'pay',
    repeatsMax: 3,
    taskBytesMax: 10,
  })
})

test('a second that has begun counts', () => {
  expect(themeMessageOf(7, { delaySeconds: 0.2, jitterSeconds: 1.5 })).toMatchObject({
    delaySeconds: 1,
    jitterSeconds: 2,
  })
})

test.for([
  'grpc://127.0.0.1:7000',
  'grpc://[::1]:7000',
  'grpc://pay.example:7000/',
  'http://127.0.0.1:80/tasks',
  'https://pay.example/',
])('S2-17: a theme may have a handler at %s', (handler) => {
  expect(themeMessageOf(7, { handler }).handler).toBe(handler)
})

test.for(['127.0.0.1:7000', 'grpc://host', 'grpc://host:0', 'grpc://a:1/x', 'ftp://a', 'http://'])(
  'a handler cannot be at "%s"',
  (handler) => {
    expect(() => themeMessageOf(7, { handler })).toThrow(
      expect.objectContaining({ name: 'RangeError', code: 'INVALID_ARGUMENT' }),
    )
  },
)

test.for<[number, ThemeOptions]>([
  [-1, {}],
  [2 ** 32, {}],
  [1.5, {}],
  [7, { delaySeconds: -1 }],
  [7, { delaySeconds: 2 ** 31 + 1 }],
  [7, { jitterSeconds: Number.NaN }],
  [7, { concurrency: 0 }],
  [7, { concurrency: 1_000_001 }],
  [7, { maxRepeats: -1 }],
  [7, { maxRepeats: 2 ** 32 - 1 }],
  [7, { maxBytes: 0 }],
  [7, { maxBytes: 67_108_865 }],
  [7, { name: 'x'.repeat(257) }],
])('a theme out of its bounds is refused before anything is sent: %j', ([theme, options]) => {
  expect(() => themeMessageOf(theme, options)).toThrow(
    expect.objectContaining({ name: 'RangeError', code: 'INVALID_ARGUMENT' }),
  )
})

test('what is of another type is refused as a TypeError', () => {
  for (const options of [null, { name: 5 }, { handler: 5 }, { delaySeconds: '1' }]) {
    expect(() => themeMessageOf(7, untyped(options))).toThrow(TypeError)
  }
  expect(() => themeMessageOf(untyped('7'), {})).toThrow(TypeError)
})

test('a theme is told as it was said', () => {
  const counts = { active: 1, stored: 2, dead: 3, handedOut: 4, handlers: 5 }
  const info = themeInfoOf({ config: themeMessageOf(7, { name: 'pay' }), ...counts })
  expect(info).toEqual({
    theme: 7,
    name: 'pay',
    handler: '',
    handlerSeconds: 60,
    delaySeconds: 10,
    jitterSeconds: 0,
    concurrency: 16,
    maxRepeats: Infinity,
    maxBytes: 67_108_864,
    ...counts,
  })
})
