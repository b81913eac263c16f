/**
 * Records at the ends of logs: many writers, each with a log of its own. One operation is one record.
 */
import type { LoadReport, LoadTask } from '../measurement.ts'
import type { Visitor, Writer } from '../subjects/subject.ts'
import { Meter } from './meter.ts'

const RECORD_BYTES = 256
const LARGE_RECORD_BYTES = 4_096

export function appends(visitor: Visitor, task: LoadTask): Promise<LoadReport> {
  return write(visitor, task, RECORD_BYTES)
}

export function largeAppends(visitor: Visitor, task: LoadTask): Promise<LoadReport> {
  return write(visitor, task, LARGE_RECORD_BYTES)
}

async function write(visitor: Visitor, task: LoadTask, recordBytes: number): Promise<LoadReport> {
  if (visitor.writers === undefined) throw new Error('this subject has no logs')
  const meter = new Meter()
  const writers = await visitor.writers(task.size, recordBytes)
  const loop = async (writer: Writer): Promise<void> => {
    while (meter.running) {
      const startMs = performance.now()
      await writer.append()
      meter.record(performance.now() - startMs)
    }
  }
  return { kind: 'runs', runs: await meter.measure(task, Promise.all(writers.map(loop))) }
}
