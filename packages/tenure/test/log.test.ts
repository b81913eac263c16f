/** Log lines for machines and for people. */
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { LogFormat } from '../src/log-format.ts'
import { openLog } from '../src/log.ts'

/** The lines that are written for one warning with fields. */
function written(format: LogFormat): string {
  const out = new PassThrough().setEncoding('utf8')
  openLog(format, out).warn('a node was reloaded', { path: '/local/x', epoch: 2n ** 60n })
  return String(out.read())
}

test('a log line is one object of JSON, without loss of digits', () => {
  const line: unknown = JSON.parse(written('json'))
  expect(line).toEqual({
    level: 40,
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    msg: 'a node was reloaded',
    path: '/local/x',
    epoch: '1152921504606846976',
  })
})

test('a log line for people has time, level, message and fields on one line', () => {
  expect(written('text')).toMatch(
    /^\S+Z WARN a node was reloaded path=\/local\/x epoch=1152921504606846976\n$/,
  )
})
