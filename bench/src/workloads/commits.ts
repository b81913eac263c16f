/**
 * Commits of some rows, one after the other, each only while a fence holds: what an engine makes of what lies below it.
 */
import type { LoadReport, LoadTask } from '../measurement.ts'
import type { Visitor } from '../subjects/subject.ts'
import { Meter } from './meter.ts'

export async function commits(visitor: Visitor, task: LoadTask): Promise<LoadReport> {
  if (visitor.committer === undefined) throw new Error('this subject has no commits')
  const meter = new Meter()
  const committer = await visitor.committer(task.size)
  const loop = async (): Promise<void> => {
    while (meter.running) {
      const startMs = performance.now()
      await committer.commit()
      meter.record(performance.now() - startMs)
    }
  }
  return { kind: 'runs', runs: await meter.measure(task, loop()) }
}
