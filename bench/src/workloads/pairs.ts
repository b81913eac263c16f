/**
 * Acquire and release of distinct names: many parties, no contention. One operation is one pair.
 */
import type { LoadReport, LoadTask } from '../measurement.ts'
import type { Locker, Visitor } from '../subjects/subject.ts'
import { Meter } from './meter.ts'

/** Each party goes round its own names, as a program does that locks what it works on. */
const NAMES_PER_PARTY = 64

export async function pairs(visitor: Visitor, task: LoadTask): Promise<LoadReport> {
  if (visitor.lockers === undefined) throw new Error('this subject has no locks')
  const meter = new Meter()
  const lockers = await visitor.lockers(task.size)
  const loops = lockers.map((locker, party) => loop(locker, `pair-${task.size}-${party}`, meter))
  return { kind: 'runs', runs: await meter.measure(task, Promise.all(loops)) }
}

async function loop(locker: Locker, names: string, meter: Meter): Promise<void> {
  for (let turn = 0; meter.running; turn++) {
    const name = `${names}-${turn % NAMES_PER_PARTY}`
    const startMs = performance.now()
    await locker.acquire(name)
    await locker.release(name)
    meter.record(performance.now() - startMs)
  }
}
