/**
 * One name that everybody wants: from the call that releases it to the moment when the next holder knows.
 *
 * Whoever has released stands in line again, so that the number of waiters stays the same. Releaser and next
 * holder are in one process: one clock tells both times.
 */
import type { LoadReport, LoadTask } from '../measurement.ts'
import type { Locker, Visitor } from '../subjects/subject.ts'
import { Meter } from './meter.ts'

interface Baton {
  /** One for each size: the load process before may have died holding its own. */
  readonly name: string
  /** When the holder before called release; null before the first. */
  releasedMs: number | null
}

export async function handOff(visitor: Visitor, task: LoadTask): Promise<LoadReport> {
  if (visitor.lockers === undefined) throw new Error('this subject has no locks')
  const meter = new Meter()
  const baton: Baton = { name: `hand-off-${task.size}`, releasedMs: null }
  const lockers = await visitor.lockers(task.size + 1)
  const loops = lockers.map((locker) => loop(locker, baton, meter))
  return { kind: 'runs', runs: await meter.measure(task, Promise.all(loops)) }
}

async function loop(locker: Locker, baton: Baton, meter: Meter): Promise<void> {
  while (meter.running) {
    await locker.acquire(baton.name)
    if (baton.releasedMs !== null) meter.record(performance.now() - baton.releasedMs)
    baton.releasedMs = performance.now()
    await locker.release(baton.name)
  }
}
