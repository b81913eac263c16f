/**
 * PostgreSQL as a log: a row for each record, all in one table.
 */
import { Pool } from 'pg'
import { recordsOf } from '../subjects/record-bytes.ts'
import type { Subject, Visitor, Writer } from '../subjects/subject.ts'
import { POSTGRES_CONNECTIONS_MAX, postgresOptions, startPostgres } from './postgres.ts'

export const postgresInsert: Subject = {
  id: 'postgres-insert',
  title: 'PostgreSQL INSERT',
  family: 'rival',
  durable: true,
  settings: `fsync on, synchronous_commit on; INSERT as a prepared statement, at most ${POSTGRES_CONNECTIONS_MAX} connections; the one index is that of the row's number`,
  workloads: new Set(['appends', 'large-appends']),
  start: (folder) => startPostgres(folder),
  visit: async (address) => visitTable(address),
}

function visitTable(address: string): Visitor {
  const pools: Pool[] = []
  return {
    async writers(count, recordBytes) {
      const max = Math.min(count, POSTGRES_CONNECTIONS_MAX)
      const pool = new Pool({ ...postgresOptions(address), max })
      pools.push(pool)
      await pool.query(
        'CREATE TABLE IF NOT EXISTS log (number bigserial PRIMARY KEY, writer int NOT NULL, record bytea NOT NULL)',
      )
      // Random bytes do not get smaller.
      await pool.query('ALTER TABLE log ALTER COLUMN record SET STORAGE EXTERNAL')
      const record = recordsOf(recordBytes)
      return Array.from({ length: count }, (_, party): Writer => {
        return {
          async append() {
            await pool.query({
              name: 'append',
              text: 'INSERT INTO log (writer, record) VALUES ($1, $2)',
              values: [party, record()],
            })
          },
        }
      })
    },
    async close() {
      await Promise.all(pools.map((pool) => pool.end()))
    },
  }
}
