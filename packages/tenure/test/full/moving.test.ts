/** Moves between engines that are servers of their own. guards: D7, X2, S6, K1, J6 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prefix } from 'tenure'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EtcdCluster, hasEtcd } from '../../../engine/test/etcd/cluster.ts'
import { lacks } from '../../../../test/needs.ts'
import { hasPostgres, PostgresServer } from '../../../../test/postgres-server.ts'
import { Run } from '../command/terminal.ts'
import { BusyStore } from '../moving/busy-store.ts'

const root = mkdtempSync(join(tmpdir(), 'tenure-moving-'))
let etcd: EtcdCluster | null = null
let postgres: PostgresServer | null = null

beforeAll(async () => {
  if (hasEtcd()) etcd = await EtcdCluster.start()
  if (hasPostgres()) postgres = await PostgresServer.start()
})

afterAll(async () => {
  await etcd?.[Symbol.asyncDispose]()
  await postgres?.[Symbol.asyncDispose]()
  rmSync(root, { recursive: true, force: true })
})

/** Places of these engines by a name. */
function placesOf(name: string): { file: string; etcd: string | null; postgres: string | null } {
  const { user, port, database } = postgres?.access ?? { user: '', port: 0, database: '' }
  return {
    file: `file:${join(root, name)}`,
    etcd: etcd === null ? null : `etcd://${etcd.endpoints.join(',')}/${name}`,
    postgres:
      postgres === null ? null : `postgres://${user}@127.0.0.1:${port}/${database}?schema=${name}`,
  }
}

test('a store moves from a directory to etcd, on to PostgreSQL and back into a directory, and its clients with it', async (context) => {
  const { etcd: onEtcd, postgres: onPostgres } = placesOf('round')
  if (onEtcd === null) lacks(context, 'etcd')
  if (onPostgres === null) lacks(context, 'postgres')
  const [first, last] = [placesOf('first').file, placesOf('last').file]
  await using store = await BusyStore.begin(first)
  let numbers = await store.numbers()
  const { owners, waiters, tasks } = await store.holdings()
  let from = first
  for (const to of [onEtcd, onPostgres, last]) {
    const before = await store.holdings()
    await store.move(from, to)
    await store.serveFrom(to)
    const after = await store.holdings()
    expect(after).toEqual(before)
    expect(after).toMatchObject({ owners, waiters, tasks })
    const later = await store.numbers()
    for (const kind of ['session', 'token', 'version', 'task'] as const) {
      expect(later[kind]).toBeGreaterThan(numbers[kind] + 2n ** 30n)
    }
    numbers = later
    from = to
  }
  expect(store.lease.signal.aborted).toBe(false)
  await store.lease.release()
  const next = await store.waiting
  expect(next.token).toBe(waiters[0])
})

test('a backup of a server at work on one engine is restored into each of the others', async (context) => {
  const sources = placesOf('source')
  if (sources.etcd === null) lacks(context, 'etcd')
  if (sources.postgres === null) lacks(context, 'postgres')
  for (const [kind, source] of Object.entries(sources)) {
    // What this process has open makes its own cuts: a directory is left to test/moving.test.ts.
    if (kind === 'file' || source === null) continue
    const file = join(root, `${kind}.tenure`)
    await using store = await BusyStore.begin(source)
    expect(await ending('backup', '--from', source, file)).toBe('0')
    expect(await ending('restore', '--to', source, file)).toMatch(/^1 .*servers use /)
    expect(await ending('migrate', '--from', source, '--to', `file:${root}/x`)).toMatch(
      /^1 .*servers use /,
    )
    const { records } = await store.holdings()
    for (const place of Object.values(placesOf(`from_${kind}`))) {
      expect(await ending('restore', '--to', String(place), file)).toBe('0')
      expect(await ending('restore', '--to', String(place), file)).toMatch(/^1 .*is not empty/)
      await store.serveBeside(String(place), async (client) => {
        expect(await client.storage(store.path).getRange(prefix(''))).toEqual(records)
      })
    }
  }
})

/** The exit code of a command, and what it says on stderr when it fails. */
async function ending(...words: string[]): Promise<string> {
  const run = new Run(words)
  const code = await run.exitCode
  return code === 0 ? '0' : `${code} ${run.err}`
}
