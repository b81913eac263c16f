/**
 * pg-boss: jobs in PostgreSQL, fetched and ended many at a time.
 */
import { setTimeout as delay } from 'node:timers/promises'
import PgBoss from 'pg-boss'
import { jobData, type JobObject, jobOf } from '../subjects/job-data.ts'
import type { JobQueue, QueueTerms, Subject, Visitor } from '../subjects/subject.ts'
import { startPostgres } from './postgres.ts'

const QUEUE = 'bench'
const CONNECTIONS = 32
/** Jobs are fetched so many at a time: fewer are slower, and of more the last ones wait for the first. */
const BATCH = 16
const EMPTY_MS = 2

export const pgBoss: Subject = {
  id: 'pg-boss',
  title: 'pg-boss on PostgreSQL',
  family: 'rival',
  durable: true,
  settings: `fsync on, synchronous_commit on; at most ${CONNECTIONS} connections; the process of the load fetches, completes and fails ${BATCH} jobs at a time and looks again after ${EMPTY_MS} ms when there was none; a failed job comes back without delay`,
  workloads: new Set(['jobs', 'retried-jobs']),
  start: (folder) => startPostgres(folder),
  visit: async (address) => visitQueue(address),
}

function visitQueue(address: string): Visitor {
  const connectionString = `postgres://bench@127.0.0.1:${address}/postgres`
  let stop: (() => Promise<void>) | undefined
  return {
    async queue({ workers, failures, done }: QueueTerms): Promise<JobQueue> {
      const boss = new PgBoss({ connectionString, max: CONNECTIONS, schedule: false })
      boss.on('error', (error) => {
        throw error
      })
      await boss.start()
      await boss.createQueue(QUEUE)
      let isOver = false
      const work = async (): Promise<void> => {
        while (!isOver) {
          const options = { batchSize: BATCH, includeMetadata: true, priority: false } as const
          const jobs = await boss.fetch<JobObject>(QUEUE, options)
          const failed = jobs.filter(({ retryCount }) => retryCount < failures)
          const ended = jobs.filter(({ retryCount }) => retryCount >= failures)
          if (failed.length > 0) await boss.fail(QUEUE, idsOf(failed))
          if (ended.length > 0) await boss.complete(QUEUE, idsOf(ended))
          for (const { data } of ended) done(jobOf(data.job))
          if (jobs.length === 0) await delay(EMPTY_MS)
        }
      }
      const working = Array.from({ length: Math.ceil(workers / BATCH) }, work)
      stop = async () => {
        isOver = true
        await Promise.all(working)
        await boss.stop({ graceful: false })
      }
      const options = { retryLimit: failures, retryDelay: 0 }
      return {
        add: async (job) => void (await boss.send(QUEUE, { job: jobData(job) }, options)),
      }
    },
    async close() {
      await stop?.()
    },
  }
}

function idsOf(jobs: readonly { readonly id: string }[]): string[] {
  return jobs.map(({ id }) => id)
}
