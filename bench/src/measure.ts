/**
 * Measures one subject under one workload: starts it, makes the load in processes of their own, stops it, cleans up.
 */
import { load } from './machine/load-process.ts'
import { discard, scratch } from './machine/scratch.ts'
import type { LoadTask, Measurement } from './measurement.ts'
import type { PlannedWorkload } from './plan.ts'
import { UNITS } from './report/unit.ts'
import type { Running, Subject } from './subjects/subject.ts'

export interface Measured {
  readonly version: string
  readonly measurements: readonly Measurement[]
}

/** @throws AbsentError when the subject is not installed */
export async function measure(
  subject: Subject,
  workload: PlannedWorkload,
  below: string,
): Promise<Measured> {
  const folder = await scratch(below)
  try {
    return workload.name === 'restart'
      ? await measureRestart(subject, workload, folder)
      : await measureLoad(subject, workload, folder)
  } finally {
    await discard(folder)
  }
}

async function measureLoad(
  subject: Subject,
  workload: PlannedWorkload,
  folder: string,
): Promise<Measured> {
  const running = await subject.start(folder)
  try {
    const measurements: Measurement[] = []
    for (const size of workload.sizes) {
      measurements.push(await measureSize(subject, running, workload, size))
    }
    return { version: running.version, measurements }
  } finally {
    await running.stop()
  }
}

async function measureSize(
  subject: Subject,
  running: Running,
  workload: PlannedWorkload,
  size: number,
): Promise<Measurement> {
  const { name } = workload
  if (name === 'restart') throw new Error('a restart is measured from outside')
  const sessions = Math.min(size, subject.idleMax ?? size)
  const task: LoadTask = {
    ...timing(workload),
    subject: subject.id,
    workload: name,
    size: name === 'idle' ? sessions : size,
    address: running.address,
    serverPid: running.pid,
  }
  const report = await load(task, running.pid === null ? 'all' : 'client')
  const common = { workload: name, size, subject: subject.id }
  if (report.kind === 'memory') {
    const bytes = (report.afterBytes - report.beforeBytes) / task.size
    return { ...common, values: [bytes], runs: [] }
  }
  const runs = report.kind === 'runs' ? report.runs : []
  const value = UNITS[name].value
  return { ...common, values: value === undefined ? [] : runs.map(value), runs }
}

async function measureRestart(
  subject: Subject,
  workload: PlannedWorkload,
  folder: string,
): Promise<Measured> {
  const measurements: Measurement[] = []
  let version = ''
  for (const size of workload.sizes) {
    let running = await subject.start(folder)
    version = running.version
    const values: number[] = []
    try {
      const { address, pid: serverPid } = running
      const task = { ...timing(workload), subject: subject.id, workload: 'seed', size } as const
      await load({ ...task, address, serverPid }, 'client')
      for (let run = 0; run < workload.runs; run++) {
        await running.stop('SIGKILL')
        const startMs = performance.now()
        running = await subject.start(folder)
        const visitor = await subject.visit(running.address)
        await visitor.lockers?.(1)
        values.push((performance.now() - startMs) / 1000)
        await visitor.close()
      }
    } finally {
      await running.stop()
    }
    measurements.push({ workload: 'restart', size, subject: subject.id, values, runs: [] })
  }
  return { version, measurements }
}

function timing({
  warmUpMs,
  runMs,
  runs,
}: PlannedWorkload): Pick<LoadTask, 'warmUpMs' | 'runMs' | 'runs'> {
  return { warmUpMs, runMs, runs }
}
