/**
 * Three servers as processes of their own on one PostgreSQL: one of them dies, then each of the others is restarted.
 *
 * guards: S7, X6, D2
 */
import { connect } from 'tenure'
import { expect, test } from 'vitest'
import { expectHeld, holdAll, trio } from '../../cluster/trio.ts'
import { lacks } from '../../needs.ts'
import { hasPostgres, PostgresServer } from '../../postgres-server.ts'

test('servers on PostgreSQL take over from one that was killed, and may be restarted', async (context) => {
  if (!hasPostgres()) lacks(context, 'postgres')
  await using server = await PostgresServer.start()
  const { host, port, user, database } = server.access
  await using servers = await trio(`postgres://${user}@${host}:${port}/${database}`)
  await using client = connect(servers.addressFrom(0))
  await using other = connect(servers.addressFrom(1))
  const held = await holdAll(client)
  const tokens = held.map(({ lease }) => lease.token)
  await servers.servers[0]?.end('SIGKILL')
  await expectHeld(held, other)
  for (const one of servers.servers.slice(1)) {
    expect(await one.end('SIGTERM')).toEqual({ code: 0, signal: null })
    await one.start()
    await expectHeld(held, other)
  }
  await Promise.all(held.map(({ lease }) => lease.release()))
  const next = await holdAll(other)
  for (const [index, { lease }] of next.entries()) {
    expect(lease.token).toBeGreaterThan(tokens[index] ?? 0n)
  }
})
