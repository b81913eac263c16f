import type { PostgresPlace } from '../../src/postgres/index.ts'
import type { PostgresServer } from '../../../../test/postgres-server.ts'

let schemas = 0

/** A place of its own in a server, or in what stands before it at another port. */
export function placeIn(
  server: PostgresServer,
  changes: Partial<PostgresPlace> = {},
): PostgresPlace {
  schemas += 1
  const { host, port, user, database } = server.access
  const schema = `test_${process.pid}_${schemas}`
  return { hosts: [{ host, port }], user, database, schema, tlsUse: 'disable', ...changes }
}
