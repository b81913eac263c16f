/** PostgreSQL as the PostgreSQL engine could use it at best: one statement for each commit. */
import { Client } from 'pg'
import { setsOfRows } from '../subjects/rows.ts'
import type { Subject, Visitor } from '../subjects/subject.ts'
import { postgresOptions, startPostgres } from './postgres.ts'

export const postgresRaw: Subject = {
  id: 'postgres-raw',
  title: 'PostgreSQL itself',
  family: 'rival',
  durable: true,
  settings:
    'fsync and synchronous_commit on; INSERT of two arrays ON CONFLICT DO UPDATE where a locked row has the epoch, as a prepared statement on one connection',
  workloads: new Set(['postgres-commits']),
  start: (folder) => startPostgres(folder),
  visit: visitPostgres,
}

async function visitPostgres(address: string): Promise<Visitor> {
  const client = new Client(postgresOptions(address))
  await client.connect()
  return {
    async committer(rows) {
      await client.query('CREATE TABLE IF NOT EXISTS fence (epoch bigint NOT NULL)')
      await client.query('TRUNCATE fence')
      await client.query('INSERT INTO fence VALUES (1)')
      await client.query(
        'CREATE TABLE IF NOT EXISTS entries (key bytea PRIMARY KEY, value bytea NOT NULL)',
      )
      const next = setsOfRows(rows, (set) => [
        set.map(({ key }) => key),
        set.map(({ value }) => value),
      ])
      return {
        async commit() {
          const { rowCount } = await client.query({
            name: 'commit',
            text: `WITH held AS MATERIALIZED (SELECT 1 FROM fence WHERE epoch = 1 FOR NO KEY UPDATE)
              INSERT INTO entries SELECT key, value FROM held, unnest($1::bytea[], $2::bytea[]) AS row(key, value)
              ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value`,
            values: next(),
          })
          if (rowCount !== rows) throw new Error('PostgreSQL: the fence does not hold')
        },
      }
    },
    close: () => client.end(),
  }
}
