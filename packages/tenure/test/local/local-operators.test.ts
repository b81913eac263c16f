/** What operators ask over the link to a server in this process. */
import type { Request } from '@tenure/client'
import { systemClock } from '@tenure/client'
import { openMemoryEngine } from '@tenure/engine/memory'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LocalHost } from '../../src/local/local-host.ts'
import { LocalLink } from '../../src/local/local-link.ts'
import { Worlds } from '../../src/local/world.ts'
import { Listener, PATH } from './listener.ts'

let link: LocalLink

beforeEach(async () => {
  const use = new Worlds().use('test', {
    openEngine: openMemoryEngine,
    openHost: (engine) => LocalHost.open(engine),
  })
  link = new LocalLink('memory:test', use, systemClock)
  await link.createNode(PATH, {})
})

afterEach(() => link.close())

const lock: Request = {
  kind: 'acquire',
  name: 'lock',
  count: 2n ** 64n - 1n,
  timeoutMs: 60_000n,
  data: new Uint8Array([7]),
  ephemeral: true,
}

test('a token is checked without a session', async () => {
  const one = new Listener(link)
  await one.started
  await one.ask(lock)
  const check = { kind: 'check-token', name: 'lock' } as const
  expect(await link.ask(PATH, { ...check, token: 1n })).toEqual({
    kind: 'token-checked',
    isNewest: true,
  })
  expect(await link.ask(PATH, { ...check, token: 2n })).toMatchObject({ isNewest: false })
})

test('sessions are listed with what they hold', async () => {
  const one = new Listener(link)
  const { sessionId: id } = await one.started
  await one.ask(lock)
  expect(await link.ask(PATH, { kind: 'list-sessions', after: 0n, limit: 0 })).toMatchObject({
    kind: 'sessions-listed',
    more: false,
    sessions: [
      {
        id,
        description: 'test',
        timeoutMs: 5_000n,
        isAttached: true,
        holdings: [{ name: 'lock', orderId: 1n, owns: true, isAtLeast: false }],
        holdingsCount: 1,
        leases: 0,
      },
    ],
  })
})

test('a semaphore is explained in the words of the protocol', async () => {
  const one = new Listener(link)
  const { sessionId } = await one.started
  await one.ask(lock)
  const answer = await link.ask(PATH, { kind: 'explain-semaphore', name: 'lock' })
  expect(answer).toMatchObject({
    kind: 'semaphore-explained',
    description: {
      name: 'lock',
      count: 2n ** 64n - 1n,
      owners: [{ sessionId, orderId: 1n, data: new Uint8Array([7]) }],
      waiters: [],
    },
    sessions: [{ id: sessionId }],
  })
  expect(answer).not.toHaveProperty('description.held')
})

test('a session that an operator ends has expired', async () => {
  const one = new Listener(link)
  const { sessionId: session } = await one.started
  expect(await link.ask(PATH, { kind: 'end-session', session })).toEqual({ kind: 'done' })
  expect(await one.ended).toMatchObject({ kind: 'refused', refusal: { code: 'SESSION_EXPIRED' } })
  await expect(link.ask(PATH, { kind: 'end-session', session })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('a session hears of what an operator has taken from it', async () => {
  const one = new Listener(link)
  const { sessionId: session } = await one.started
  await one.ask(lock)
  const release = { kind: 'force-release', name: 'lock', session } as const
  expect(await link.ask(PATH, release)).toEqual({ kind: 'done' })
  await vi.waitFor(() =>
    expect(one.notices).toEqual([{ kind: 'revoked', name: 'lock', orderId: 1n }]),
  )
})

test('a question about a node that is not there is refused, and says what was asked', async () => {
  const asked = link.ask('/local/nowhere', { kind: 'explain-semaphore', name: 'lock' })
  await expect(asked).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('/local/nowhere'),
  })
})
