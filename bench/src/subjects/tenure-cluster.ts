/** Tenure servers on the engines that others keep: one on one etcd or PostgreSQL, three on three members of etcd. */
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ServerProcess } from '../machine/server-process.ts'
import { together } from '../machine/together.ts'
import type { WorkloadName } from '../measurement.ts'
import { startEtcd } from '../rivals/etcd.ts'
import { startPostgres } from '../rivals/postgres.ts'
import type { Running, Subject } from './subject.ts'
import { serveAddress, serveCommand } from './tenure-server.ts'
import { tenureVersion } from './tenure-version.ts'
import { visitClient } from './tenure-visitor.ts'

const WORKLOADS: ReadonlySet<WorkloadName> = new Set<WorkloadName>(['pairs', 'hand-off', 'swaps'])

const common =
  'own protocol, @tenure/client, one session per party; engine and servers on one core together, and "server cores" are the servers without the engine'

export const tenureEtcd: Subject = {
  id: 'tenure-etcd',
  title: 'Tenure server on etcd',
  family: 'tenure',
  durable: true,
  settings: `one member, fsync on; ${common}`,
  workloads: WORKLOADS,
  start: async (folder) => startServers(await startEtcd(await below(folder)), 'etcd://', 1),
  visit,
}

export const tenureCluster: Subject = {
  id: 'tenure-cluster',
  title: 'Tenure, 3 servers on 3 members of etcd',
  family: 'tenure',
  durable: true,
  settings: `all locks in one node, which one of the servers has; ${common}`,
  workloads: WORKLOADS,
  start: async (folder) => startServers(await startEtcd(await below(folder), 3), 'etcd://', 3),
  visit,
}

export const tenurePostgres: Subject = {
  id: 'tenure-postgres',
  title: 'Tenure server on PostgreSQL',
  family: 'tenure',
  durable: true,
  settings: `fsync and synchronous_commit on; ${common}`,
  workloads: WORKLOADS,
  start: async (folder) => {
    const engine = await startPostgres(await below(folder))
    const address = `bench@127.0.0.1:${engine.address}/postgres`
    return startServers({ ...engine, address }, 'postgres://', 1)
  },
  visit,
}

/** A folder of the engine's own, which it also finds when it runs as another user. */
async function below(folder: string): Promise<string> {
  const engine = join(folder, 'engine')
  await mkdir(engine)
  await chmod(folder, 0o711)
  return engine
}

function visit(address: string): ReturnType<typeof visitClient> {
  return visitClient(address, { sessions: 'each', protocol: 'tenure' })
}

async function startServers(engine: Running, scheme: string, count: number): Promise<Running> {
  const place = scheme === 'etcd://' ? `${engine.address}/bench` : engine.address
  const serves = []
  for (let server = 0; server < count; server += 1) {
    serves.push(await serveCommand(['--engine', `${scheme}${place}`]))
  }
  const [first] = serves
  if (first === undefined) throw new RangeError('a cluster has a server at least')
  const command = count === 1 ? first.command : together(serves.map((serve) => serve.command))
  const started = ServerProcess.start({ command, port: first.port, folder: process.cwd() })
  const servers = await started.catch(async (error: unknown) => {
    await engine.stop()
    throw error
  })
  return {
    address: serveAddress(...serves.map(({ port }) => port)),
    pid: servers.pid,
    version: `${tenureVersion()} on ${engine.version}`,
    async stop(ask) {
      await servers.stop(ask)
      await engine.stop(ask)
    },
  }
}
