/**
 * Everything that is compared, ours first.
 */
import { bullmq } from '../rivals/bullmq.ts'
import { etcd, etcdTrio } from '../rivals/etcd.ts'
import { etcdTransactions } from '../rivals/etcd-transactions.ts'
import { graphileWorker } from '../rivals/graphile-worker.ts'
import { jetStream, jetStreamSynced } from '../rivals/jetstream.ts'
import { natsCore } from '../rivals/nats-core.ts'
import { pgBoss } from '../rivals/pg-boss.ts'
import { postgresRow, postgresRowLock } from '../rivals/postgres.ts'
import { postgresInsert } from '../rivals/postgres-insert.ts'
import { diskRaw } from '../rivals/raw-disk.ts'
import { etcdRaw, etcdRawTrio } from '../rivals/raw-etcd.ts'
import { postgresRaw } from '../rivals/raw-postgres.ts'
import { redis, redisChannel } from '../rivals/redis.ts'
import { redisStream } from '../rivals/redis-stream.ts'
import { zookeeperNode, zookeeperRecipe } from '../rivals/zookeeper.ts'
import type { Subject } from './subject.ts'
import { tenureCluster, tenureEtcd, tenurePostgres } from './tenure-cluster.ts'
import { engineEtcd, engineEtcdTrio, engineFile, enginePostgres } from './tenure-engines.ts'
import { tenureFile, tenureMemory } from './tenure-process.ts'
import { tenureServer, tenureSession, tenureStream, tenureYdb } from './tenure-server.ts'

export const SUBJECTS: readonly Subject[] = [
  tenureMemory,
  tenureFile,
  tenureServer,
  tenureSession,
  tenureYdb,
  tenureStream,
  tenureEtcd,
  tenureCluster,
  tenurePostgres,
  engineFile,
  engineEtcd,
  engineEtcdTrio,
  enginePostgres,
  redis,
  redisChannel,
  redisStream,
  bullmq,
  graphileWorker,
  pgBoss,
  postgresRow,
  postgresRowLock,
  postgresInsert,
  natsCore,
  jetStream,
  jetStreamSynced,
  zookeeperNode,
  zookeeperRecipe,
  etcd,
  etcdTrio,
  etcdTransactions,
  diskRaw,
  etcdRaw,
  etcdRawTrio,
  postgresRaw,
]

/** @throws RangeError when there is none */
export function subjectOf(id: string): Subject {
  const subject = SUBJECTS.find((candidate) => candidate.id === id)
  if (subject === undefined) throw new RangeError(`no subject is called ${id}`)
  return subject
}
