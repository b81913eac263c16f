/** Tenure's engines by themselves: what a tablet commits, without tablet and server. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Engine } from '@tenure/engine'
import { openEtcdEngine } from '@tenure/engine/etcd'
import { openFileEngine } from '@tenure/engine/file'
import { openPostgresEngine } from '@tenure/engine/postgres'
import type { Write } from '@tenure/kernel'
import { startEtcd } from '../rivals/etcd.ts'
import { startPostgres } from '../rivals/postgres.ts'
import { setsOfRows } from './rows.ts'
import type { Running, Subject, Visitor } from './subject.ts'
import { tenureVersion } from './tenure-version.ts'

const SETTINGS = 'one partition, the epoch compared in every commit'

export const engineFile: Subject = {
  id: 'engine-file',
  title: "Tenure's file engine",
  family: 'tenure',
  durable: true,
  settings: `${SETTINGS}; in the process of the load`,
  workloads: new Set(['file-commits']),
  async start(folder) {
    const data = join(folder, 'data')
    await mkdir(data)
    return { address: data, pid: null, version: tenureVersion(), stop: async () => {} }
  },
  visit: async (address) => visitEngine(await openFileEngine(address)),
}

export const engineEtcd: Subject = {
  id: 'engine-etcd',
  title: "Tenure's etcd engine",
  family: 'tenure',
  durable: true,
  settings: `${SETTINGS}; one member, fsync on`,
  workloads: new Set(['etcd-commits']),
  start: async (folder) => withVersion(await startEtcd(folder)),
  visit: visitEtcd,
}

export const engineEtcdTrio: Subject = {
  ...engineEtcd,
  id: 'engine-etcd-trio',
  title: "Tenure's etcd engine, 3 members",
  settings: `${SETTINGS}; three members on one core, fsync on`,
  start: async (folder) => withVersion(await startEtcd(folder, 3)),
}

export const enginePostgres: Subject = {
  id: 'engine-postgres',
  title: "Tenure's PostgreSQL engine",
  family: 'tenure',
  durable: true,
  settings: `${SETTINGS}; fsync and synchronous_commit on`,
  workloads: new Set(['postgres-commits']),
  start: async (folder) => withVersion(await startPostgres(folder)),
  visit: async (address) =>
    visitEngine(
      await openPostgresEngine({
        hosts: [{ host: '127.0.0.1', port: Number(address) }],
        user: 'bench',
        database: 'postgres',
        schema: 'tenure',
        tlsUse: 'disable',
      }),
    ),
}

async function visitEtcd(address: string): Promise<Visitor> {
  return visitEngine(await openEtcdEngine({ endpoints: address.split(',') }))
}

async function visitEngine(engine: Engine): Promise<Visitor> {
  return {
    async committer(rows) {
      const partition = await engine.claim('bench', { id: 'bench', address: '' })
      const next = setsOfRows(rows, (set): readonly Write[] =>
        set.map(({ key, value }) => ({ kind: 'put', key, value })),
      )
      return { commit: () => partition.commit(next()) }
    },
    close: () => engine.close(),
  }
}

function withVersion(running: Running): Running {
  return { ...running, version: `${tenureVersion()} on ${running.version}` }
}
