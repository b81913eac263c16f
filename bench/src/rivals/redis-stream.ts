/**
 * Redis as a log: a stream for each writer.
 */
import { Redis } from 'ioredis'
import { recordsOf } from '../subjects/record-bytes.ts'
import type { Subject, Visitor, Writer } from '../subjects/subject.ts'
import { REDIS_DURABLE, startRedis } from './redis.ts'

export const redisStream: Subject = {
  id: 'redis-stream',
  title: 'Redis XADD',
  family: 'rival',
  durable: true,
  settings:
    'appendonly yes, appendfsync always, no snapshots, no rewriting; ioredis with autopipelining, a stream for each writer, all on one connection, nothing is trimmed',
  workloads: new Set(['appends', 'large-appends']),
  start: (folder) => startRedis(folder, [...REDIS_DURABLE, '--auto-aof-rewrite-percentage', '0']),
  visit: async (address) => visitStreams(address),
}

async function visitStreams(address: string): Promise<Visitor> {
  const port = Number(address)
  const client = new Redis({ port, lazyConnect: true, enableAutoPipelining: true })
  await client.connect()
  return {
    async writers(count, recordBytes) {
      const record = recordsOf(recordBytes)
      return Array.from({ length: count }, (_, party): Writer => {
        const stream = `log-${party}`
        return {
          append: async () => void (await client.xadd(stream, '*', 'r', record())),
        }
      })
    },
    async close() {
      client.disconnect()
    },
  }
}
