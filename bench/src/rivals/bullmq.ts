/**
 * BullMQ: jobs in Redis, moved by scripts of its own.
 */
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { jobData, jobOf } from '../subjects/job-data.ts'
import type { JobQueue, QueueTerms, Subject, Visitor } from '../subjects/subject.ts'
import { REDIS_DURABLE, startRedis } from './redis.ts'

const QUEUE = 'bench'
const FAILURE = new Error('as planned')

export const bullmq: Subject = {
  id: 'bullmq',
  title: 'BullMQ on Redis',
  family: 'rival',
  durable: true,
  settings:
    'Redis with appendonly yes, appendfsync always, no snapshots; ioredis without autopipelining, which makes it slower; one Queue and one Worker in the process of the load; a finished job is removed, a failed one comes back without delay, and no stack of its error is kept',
  workloads: new Set(['jobs', 'retried-jobs']),
  start: (folder) => startRedis(folder, [...REDIS_DURABLE, '--maxmemory-policy', 'noeviction']),
  visit: async (address) => visitQueue(Number(address)),
}

function visitQueue(port: number): Visitor {
  const closers: (() => Promise<void>)[] = []
  // A worker waits in Redis for its next job: for that no bound of repeats may hold. Autopipelining makes it slower here.
  const connect = (): Redis => new Redis({ port, maxRetriesPerRequest: null })
  return {
    async queue({ workers, failures, done }: QueueTerms): Promise<JobQueue> {
      const queue = new Queue<string>(QUEUE, {
        connection: connect(),
        defaultJobOptions: {
          attempts: failures + 1,
          removeOnComplete: true,
          removeOnFail: true,
          stackTraceLimit: 0,
        },
      })
      const worker = new Worker<string>(
        QUEUE,
        async ({ attemptsMade }) => {
          if (attemptsMade < failures) throw FAILURE
        },
        { connection: connect(), concurrency: workers },
      )
      worker.on('completed', ({ data }) => done(jobOf(data)))
      closers.push(
        () => worker.close(),
        () => queue.close(),
      )
      await worker.waitUntilReady()
      return {
        add: async (job) => void (await queue.add('job', jobData(job))),
      }
    },
    async close() {
      for (const close of closers) await close()
    },
  }
}
