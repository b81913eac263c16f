/**
 * kill -9 of the server, at random moments and at each crash point, with clients at work: what was acknowledged is there
 * afterwards, tokens and session ids go on growing, and nobody who held anything has lost it.
 *
 * guards: D1, D2, L3, X1, X2, S3, S6
 */
import { connect } from 'tenure'
import type { Client } from 'tenure'
import { expect, test } from 'vitest'
import { atAnyTime, atPoint } from './crash/deaths.ts'
import type { Death } from './crash/deaths.ts'
import { besiege } from './crash/siege.ts'
import { Victim } from './crash/victim.ts'
import { drawOf, freshSeed } from './seed.ts'

/** With the deaths at crash points and those of record-crash.test.ts these are twenty; many more in the full tier. */
const KILLS = 9

async function siegeOf(deaths: readonly Death[]): Promise<{ seed: number; breaches: string[] }> {
  const seed = freshSeed()
  await using server = await Victim.start()
  return { seed, breaches: await besiege(server, deaths, drawOf(seed)) }
}

test('kill -9 at any time un-happens nothing', { timeout: 90_000 }, async () => {
  const deaths = Array.from({ length: KILLS }, () => atAnyTime)
  expect(await siegeOf(deaths)).toMatchObject({ breaches: [] })
})

test('a death at each crash point un-happens nothing', { timeout: 60_000 }, async () => {
  const deaths = [
    atPoint('after-append', 5),
    atPoint('after-sync', 5),
    atPoint('before-reply', 5),
    atPoint('mid-restore', 5),
  ]
  expect(await siegeOf(deaths)).toMatchObject({ breaches: [] })
})

interface Given {
  readonly session: bigint
  readonly token: bigint
}

/** A session that is closed again, and the token of what it held. */
async function comeAndGo(client: Client): Promise<Given> {
  await using session = await client.openSession('/local/given', { createNode: true })
  await using lock = await session.mutex('lock').lock()
  return { session: session.id, token: lock.token }
}

test('a session id or a token that was given before a kill is never given again, although its owner is gone', async () => {
  await using server = await Victim.start()
  await using client = connect(server.address)
  const before = await comeAndGo(client)
  await server.end('SIGKILL')
  await server.start()
  const after = await comeAndGo(client)
  expect(after.session).toBeGreaterThan(before.session)
  expect(after.token).toBeGreaterThan(before.token)
})

test('a crash point that does not exist is refused at the start', async () => {
  await using server = await Victim.start()
  await server.end('SIGKILL')
  const nowhere = server.start({ environment: { TENURE_CRASH_AT: 'nowhere' } })
  await expect(nowhere).rejects.toThrow('is no crash point')
})
