/**
 * The tables of a deployment, all in one schema:
 *
 * - `partitions`: a row for each partition: its name, its number in `rows`, the epoch of its last claim with who made it, and its
 *   mark, which every commit raises by one
 * - `rows`: what the partitions hold: partition number, key, value
 * - `servers`: who announced itself, and when it was heard last
 * - `migrations`: which of the steps below were taken
 *
 * and the function `commit_writes`.
 *
 * To look into them: `SELECT name, epoch, mark, owner_address FROM tenure.partitions`, or `SELECT encode(key, 'escape'),
 * length(value) FROM tenure.rows WHERE partition = 1`. Whoever writes by hand stops the servers first.
 */
import { DatabaseError } from 'pg'
import { EngineError } from '../errors.ts'
import type { Connections } from './connections.ts'
import type { Link } from './link.ts'
import { patiently } from './patience.ts'
import type { PatienceOptions } from './patience.ts'

/**
 * A commit: all of it if number, epoch and mark are as they are expected, and then how durable it is; else null.
 *
 * The row lock of the partition puts it in order with claims and with other tries of the same commit: whoever comes second sees what the
 * first has made of the row. What follows sees all that was committed before the lock was had. It is a function because the server
 * plans it once for a session, not with every call; and since a session can be older than most of what is stored, no plan may be made
 * for tables that are nearly empty.
 */
const COMMIT_FUNCTION = `
  CREATE FUNCTION $schema.commit_writes(
    in_number bigint, in_epoch bigint, in_mark bigint,
    put_keys bytea[], put_values bytea[], deleted_keys bytea[], range_starts bytea[], range_ends bytea[]
  ) RETURNS text LANGUAGE plpgsql
  SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
  AS $body$
  #variable_conflict use_column
  BEGIN
    UPDATE $schema.partitions SET mark = mark + 1
      WHERE number = in_number AND epoch = in_epoch AND mark = in_mark;
    IF NOT FOUND THEN
      RETURN NULL;
    END IF;
    IF range_starts IS NOT NULL THEN
      DELETE FROM $schema.rows USING unnest(range_starts, range_ends) AS span (first, past)
        WHERE partition = in_number AND key >= span.first AND key < span.past;
    END IF;
    IF deleted_keys IS NOT NULL THEN
      DELETE FROM $schema.rows WHERE partition = in_number AND key = ANY (deleted_keys);
    END IF;
    IF put_keys IS NOT NULL THEN
      INSERT INTO $schema.rows (partition, key, value)
        SELECT in_number, new.new_key, new.new_value FROM unnest(put_keys, put_values) AS new (new_key, new_value)
        ON CONFLICT (partition, key) DO UPDATE SET value = EXCLUDED.value;
    END IF;
    RETURN current_setting('synchronous_commit');
  END
  $body$`

/** Each is taken once, in this order, and never changed after a release. `$schema` stands for the schema. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE $schema.partitions (
     number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     name text COLLATE "C" NOT NULL UNIQUE,
     epoch bigint NOT NULL,
     mark bigint NOT NULL,
     owner_id text NOT NULL,
     owner_address text NOT NULL,
     claimed_at timestamptz NOT NULL
   ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
   CREATE TABLE $schema.rows (
     partition bigint NOT NULL,
     key bytea NOT NULL,
     value bytea NOT NULL,
     PRIMARY KEY (partition, key)
   ) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
   CREATE TABLE $schema.servers (
     id text COLLATE "C" PRIMARY KEY,
     address text NOT NULL,
     heard_at timestamptz NOT NULL,
     notice_ms bigint NOT NULL
   ) WITH (fillfactor = 50)`,
  COMMIT_FUNCTION,
]

/** What those that are first at the same moment meet: there already, or being made. */
const TOGETHER: ReadonlySet<string | undefined> = new Set([
  '23505',
  '42P06',
  '42P07',
  '42710',
  'XX000',
])
const TOGETHER_TURNS = 10

/**
 * Brings the schema to this release's form. Several servers may do so at once.
 *
 * @throws EngineError when a later release made it, or when it may not be made
 */
export async function migrate(
  connections: Connections,
  schema: string,
  options: PatienceOptions,
): Promise<void> {
  for (let turn = 1; ; turn += 1) {
    try {
      return await patiently(options, () => connections.use((link) => migrateOn(link, schema)))
    } catch (error) {
      const { cause } = error instanceof EngineError ? error : {}
      const isTogether = cause instanceof DatabaseError && TOGETHER.has(cause.code)
      if (!isTogether || turn === TOGETHER_TURNS) throw error
    }
  }
}

/** As a name in a statement. */
export function quoted(schema: string): string {
  return `"${schema.replaceAll('"', '""')}"`
}

async function migrateOn(link: Link, schema: string): Promise<void> {
  if ((await taken(link, schema)) === MIGRATIONS.length) return
  await link.run({ text: 'BEGIN' })
  try {
    await takeAll(link, schema)
    await link.run({ text: 'COMMIT' })
  } catch (error) {
    // A connection in the middle of a transaction is of no use to others.
    link.destroy()
    throw error
  }
}

async function takeAll(link: Link, schema: string): Promise<void> {
  const name = quoted(schema)
  // Who made the schema for us may not have let us make one.
  const [found] = await link.run({ text: 'SELECT to_regnamespace($1)', values: [name] })
  if (found?.[0] === null) await link.run({ text: `CREATE SCHEMA IF NOT EXISTS ${name}` })
  await link.run({
    text: `CREATE TABLE IF NOT EXISTS ${name}.migrations (number int PRIMARY KEY, taken_at timestamptz NOT NULL)`,
  })
  // One at a time, and nobody waits for a session: the lock ends with the transaction.
  await link.run({ text: `LOCK TABLE ${name}.migrations IN SHARE ROW EXCLUSIVE MODE` })
  for (let number = await taken(link, schema); number < MIGRATIONS.length; number += 1) {
    await link.run({ text: MIGRATIONS[number]?.replaceAll('$schema', name) ?? '' })
    await link.run({
      text: `INSERT INTO ${name}.migrations (number, taken_at) VALUES ($1, now())`,
      values: [String(number + 1)],
    })
  }
}

/** How many steps were taken. @throws EngineError when they are more than this release knows */
async function taken(link: Link, schema: string): Promise<number> {
  const table = `${quoted(schema)}.migrations`
  const [found] = await link.run({ text: 'SELECT to_regclass($1)', values: [table] })
  if (found?.[0] === null) return 0
  const [row] = await link.run({ text: `SELECT coalesce(max(number), 0) FROM ${table}` })
  const count = Number(row?.[0])
  if (count > MIGRATIONS.length) {
    throw new EngineError(
      `schema ${schema} has form ${count}, this release knows ${MIGRATIONS.length}: use the release that made it`,
    )
  }
  return count
}
