import { expect, test } from 'vitest'
import { lacks } from '../../../../test/needs.ts'
import { hasPostgres, PostgresServer } from '../../../../test/postgres-server.ts'
import { failuresOver } from './client-suites.ts'

// guards: L1, X1, X2, S1, W1, K1, J1
test('all that clients can do works over PostgreSQL', async (context) => {
  if (!hasPostgres()) lacks(context, 'postgres')
  await using server = await PostgresServer.start()
  const { host, port, user, database } = server.access
  const address = `postgres://${user}@${host}:${port}/${database}?schema={name}&sslmode=disable`
  expect(await failuresOver(address)).toBe('')
})
