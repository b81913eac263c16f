/**
 * The load process: takes one task from its parent, makes the load, answers with one report.
 */
import type { LoadReport, LoadTask } from './measurement.ts'
import { subjectOf } from './subjects/index.ts'
import type { Visitor } from './subjects/subject.ts'
import { fanOut } from './workloads/fan-out.ts'
import { handOff } from './workloads/hand-off.ts'
import { appends, largeAppends } from './workloads/appends.ts'
import { commits } from './workloads/commits.ts'
import { reads, swaps } from './workloads/cells.ts'
import { idle } from './workloads/idle.ts'
import { jobs, retriedJobs } from './workloads/jobs.ts'
import { pairs } from './workloads/pairs.ts'
import { seed } from './workloads/seed.ts'
import { delivery, fillDue, fillLater } from './workloads/stored.ts'

type Workload = (visitor: Visitor, task: LoadTask) => Promise<LoadReport>

const WORKLOADS: Readonly<Record<LoadTask['workload'], Workload>> = {
  pairs,
  'hand-off': handOff,
  swaps,
  reads,
  appends,
  'large-appends': largeAppends,
  jobs,
  'retried-jobs': retriedJobs,
  'fan-out': fanOut,
  'file-commits': commits,
  'etcd-commits': commits,
  'postgres-commits': commits,
  idle,
  seed,
  'fill-later': fillLater,
  'fill-due': fillDue,
  delivery,
}

async function answer(task: LoadTask): Promise<LoadReport> {
  try {
    const visitor = await subjectOf(task.subject).visit(task.address)
    return await WORKLOADS[task.workload](visitor, task)
  } catch (error) {
    return {
      kind: 'failed',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }
  }
}

async function serve(task: LoadTask): Promise<void> {
  const report = await answer(task)
  // Connections of the rivals' clients keep a process alive, and closing 10,000 of them is nobody's measurement.
  process.send?.(report, undefined, {}, () => process.exit(0))
}

process.once('message', (task: LoadTask) => void serve(task))
