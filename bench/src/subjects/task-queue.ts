/** A queue whose jobs are tasks of Tenure: opened, stored, handed out, deleted. */
import type { Pipe } from '@tenure/client'
import { jobData, jobOf } from './job-data.ts'
import type { JobQueue, QueueTerms } from './subject.ts'

const THEME = 1
const FAILURE = new Error('as planned')

export async function taskQueue(pipe: Pipe, terms: QueueTerms): Promise<JobQueue> {
  const { workers, failures, done } = terms
  await pipe.configure(THEME, { delaySeconds: 0, concurrency: workers })
  const decoder = new TextDecoder()
  await pipe.handle(
    THEME,
    async ({ records: [record], task, repeats }) => {
      if (repeats <= failures) throw FAILURE
      await task.delete()
      done(jobOf(decoder.decode(record)))
    },
    { concurrency: workers },
  )
  return {
    async add(job) {
      const task = await pipe.open(THEME, jobData(job))
      await task.store()
    },
  }
}
