/** Users and the tokens they are given. */
import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { Accounts } from '../../src/services/accounts.ts'
import type { Clock } from '../../src/clock.ts'
import { systemRandom } from '../../src/random.ts'
import { ManualClock } from '../tablet/manual-clock.ts'

const HOUR_MS = 60 * 60 * 1000

function accountsOf(clock: Clock): Accounts {
  return new Accounts({ ann: 'secret' }, clock, systemRandom)
}

/** What the SDKs of YDB for Go, Java, Python, C++ and JavaScript read to know when to log in anew. */
function claimsOf(token: string | null): unknown {
  const [header, payload, signature, ...rest] = (token ?? '').split('.')
  expect(rest).toEqual([])
  expect(signature).toMatch(/^[\w-]{43}$/)
  expect(read(header)).toEqual({ alg: 'HS256', typ: 'JWT' })
  return read(payload)
}

function read(part: string | undefined): unknown {
  return JSON.parse(Buffer.from(part ?? '', 'base64url').toString())
}

test('a token is a JWT that says whose it is, and from when until when, in seconds', () => {
  const clock = new ManualClock()
  const token = accountsOf(clock).login('ann', 'secret')
  const iat = Math.floor(clock.wallMs() / 1000)
  expect(claimsOf(token)).toMatchObject({ sub: 'ann', iat, exp: iat + 12 * 60 * 60 })
})

test('no two tokens are the same, and one that was not given out is worth nothing', () => {
  const accounts = accountsOf(new ManualClock())
  const first = accounts.login('ann', 'secret') ?? ''
  const second = accounts.login('ann', 'secret') ?? ''
  expect(first).not.toBe(second)
  expect(accounts.userOf(first)).toBe('ann')
  expect(accounts.userOf(second)).toBe('ann')

  const [header = '', payload = ''] = first.split('.')
  const forged = createHmac('sha256', '').update(`${header}.${payload}`).digest('base64url')
  expect(accounts.userOf(`${header}.${payload}.${forged}`)).toBeNull()
})

test('a token is good for as long as it says, whatever the wall clock does', async () => {
  const clock = new ManualClock()
  let wallMs = 0
  const accounts = accountsOf({
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => wallMs,
    after: (delayMs, fire) => clock.after(delayMs, fire),
    afterInput: (turn) => clock.afterInput(turn),
  })
  const token = accounts.login('ann', 'secret') ?? ''
  wallMs = 100 * HOUR_MS
  await clock.advance(12 * HOUR_MS - 1)
  expect(accounts.userOf(token)).toBe('ann')
  await clock.advance(1)
  expect(accounts.userOf(token)).toBeNull()
})

test('servers of a cluster with the same users know tokens of each other until they run out, and no others', async () => {
  const clock = new ManualClock()
  const users = { ann: 'secret', bob: 'other' }
  const accounts = (known: Record<string, string>): Accounts =>
    new Accounts(known, clock, systemRandom, 'cluster')
  const [one, two] = [accounts(users), accounts({ bob: 'other', ann: 'secret' })]
  const token = one.login('ann', 'secret') ?? ''
  expect(two.userOf(token)).toBe('ann')
  expect(accounts({ ...users, bob: 'changed' }).userOf(token)).toBeNull()
  expect(accountsOf(clock).userOf(token)).toBeNull()
  const [header, payload, signature] = token.split('.')
  const asBob = Buffer.from(JSON.stringify({ sub: 'bob', exp: 1e12 })).toString('base64url')
  for (const wrong of [
    `${header}.${asBob}.${signature}`,
    `${header}.${payload}`,
    `${header}.${payload}.`,
    `${token}.`,
    '..',
    '',
  ]) {
    expect(two.userOf(wrong)).toBeNull()
  }
  await clock.advance(12 * HOUR_MS)
  expect(two.userOf(token)).toBeNull()
  expect(accounts(users).userOf(token)).toBeNull()
})
