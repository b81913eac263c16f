/**
 * Jobs from end to end: one operation is one job, timed from the call that adds it to the moment when it will never come again.
 *
 * There are always some jobs more than workers, so that none of these waits for work.
 */
import type { LoadReport, LoadTask } from '../measurement.ts'
import type { JobQueue, Visitor } from '../subjects/subject.ts'
import { Meter } from './meter.ts'

const JOBS_PER_WORKER = 4

export function jobs(visitor: Visitor, task: LoadTask): Promise<LoadReport> {
  return work(visitor, task, 0)
}

export function retriedJobs(visitor: Visitor, task: LoadTask): Promise<LoadReport> {
  return work(visitor, task, 1)
}

async function work(visitor: Visitor, task: LoadTask, failures: number): Promise<LoadReport> {
  if (visitor.queue === undefined) throw new Error('this subject has no queue')
  const meter = new Meter()
  const pending = new Map<number, () => void>()
  const queue = await visitor.queue({
    workers: task.size,
    failures,
    done: (job) => {
      pending.get(job)?.()
      pending.delete(job)
    },
  })
  const line: Line = { queue, meter, pending, added: 0 }
  const loops = Array.from({ length: task.size * JOBS_PER_WORKER }, () => loop(line))
  return { kind: 'runs', runs: await meter.measure(task, Promise.all(loops)) }
}

interface Line {
  readonly queue: JobQueue
  readonly meter: Meter
  /** By job: tells whoever waits for it. */
  readonly pending: Map<number, () => void>
  added: number
}

async function loop(line: Line): Promise<void> {
  while (line.meter.running) {
    const job = line.added++
    const startMs = performance.now()
    const done = new Promise<void>((resolve) => line.pending.set(job, resolve))
    await line.queue.add(job)
    await done
    line.meter.record(performance.now() - startMs)
  }
}
