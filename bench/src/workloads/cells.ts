/**
 * Values with versions: many parties, no contention. One operation is one compare-and-set, or one read.
 */
import type { LoadReport, LoadTask } from '../measurement.ts'
import type { Cell, Visitor } from '../subjects/subject.ts'
import { Meter } from './meter.ts'

export function swaps(visitor: Visitor, task: LoadTask): Promise<LoadReport> {
  return repeat(visitor, task, (cell) => cell.swap())
}

export function reads(visitor: Visitor, task: LoadTask): Promise<LoadReport> {
  return repeat(visitor, task, (cell) => cell.read())
}

async function repeat(
  visitor: Visitor,
  task: LoadTask,
  operation: (cell: Cell) => Promise<void>,
): Promise<LoadReport> {
  if (visitor.cells === undefined) throw new Error('this subject has no values with versions')
  const meter = new Meter()
  const cells = await visitor.cells(task.size)
  const loop = async (cell: Cell): Promise<void> => {
    while (meter.running) {
      const startMs = performance.now()
      await operation(cell)
      meter.record(performance.now() - startMs)
    }
  }
  return { kind: 'runs', runs: await meter.measure(task, Promise.all(cells.map(loop))) }
}
