/**
 * Everything that is compared, ours first.
 */
import { etcd } from '../rivals/etcd.ts'
import { etcdTransactions } from '../rivals/etcd-transactions.ts'
import { postgresRow, postgresRowLock } from '../rivals/postgres.ts'
import { redis, redisChannel } from '../rivals/redis.ts'
import { zookeeperNode, zookeeperRecipe } from '../rivals/zookeeper.ts'
import type { Subject } from './subject.ts'
import { tenureFile, tenureMemory } from './tenure-process.ts'
import { tenureServer, tenureSession, tenureStream, tenureYdb } from './tenure-server.ts'

export const SUBJECTS: readonly Subject[] = [
  tenureMemory,
  tenureFile,
  tenureServer,
  tenureSession,
  tenureYdb,
  tenureStream,
  redis,
  redisChannel,
  postgresRow,
  postgresRowLock,
  zookeeperNode,
  zookeeperRecipe,
  etcd,
  etcdTransactions,
]

/** @throws RangeError when there is none */
export function subjectOf(id: string): Subject {
  const subject = SUBJECTS.find((candidate) => candidate.id === id)
  if (subject === undefined) throw new RangeError(`no subject is called ${id}`)
  return subject
}
