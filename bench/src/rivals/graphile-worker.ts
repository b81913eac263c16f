/**
 * graphile-worker: jobs in PostgreSQL, which tells workers of new ones.
 */
import { Logger, run } from 'graphile-worker'
import { Pool } from 'pg'
import { jobData, type JobObject, jobOf } from '../subjects/job-data.ts'
import type { JobQueue, QueueTerms, Subject, Visitor } from '../subjects/subject.ts'
import { postgresOptions, startPostgres } from './postgres.ts'

const TASK = 'bench'
const CONNECTIONS = 32
/** Jobs are fetched so many at a time. */
const FETCHED = 256

export const graphileWorker: Subject = {
  id: 'graphile-worker',
  title: 'graphile-worker on PostgreSQL',
  family: 'rival',
  durable: true,
  settings: `fsync on, synchronous_commit on; at most ${CONNECTIONS} connections; one runner in the process of the load, whose local queue fetches ${FETCHED} jobs at a time, and which ends what has gathered at once; a failed job would come back after seconds only, so it is not asked to fail`,
  workloads: new Set(['jobs']),
  start: (folder) => startPostgres(folder),
  visit: async (address) => visitQueue(address),
}

function isJob(payload: unknown): payload is JobObject {
  return typeof payload === 'object' && payload !== null && 'job' in payload
}

const SILENT = new Logger(() => () => {})

function visitQueue(address: string): Visitor {
  let stop: (() => Promise<void>) | undefined
  return {
    async queue({ workers, done }: QueueTerms): Promise<JobQueue> {
      const pgPool = new Pool({ ...postgresOptions(address), max: CONNECTIONS })
      const runner = await run({
        pgPool,
        taskList: { [TASK]: () => {} },
        noHandleSignals: true,
        logger: SILENT,
        preset: {
          worker: {
            concurrentJobs: workers,
            localQueue: { size: FETCHED },
            completeJobBatchDelay: 0,
            failJobBatchDelay: 0,
          },
        },
      })
      runner.events.on('job:complete', ({ job: { payload } }) => {
        if (isJob(payload)) done(jobOf(payload.job))
      })
      stop = async () => {
        await runner.stop()
        await pgPool.end()
      }
      return {
        add: async (job) => void (await runner.addJob(TASK, { job: jobData(job) })),
      }
    },
    async close() {
      await stop?.()
    },
  }
}
