/** Two tasks of one session that want the same lock: they stand in a line within the client, and never hold it together. */
import type { Lockable } from '../judge/lockable.ts'
import { hold } from './locker.ts'
import type { Program } from './program.ts'

const HOLD_MS = 150
const PATIENCE_MS = 15_000

export function pair(lock: Lockable): Program {
  return {
    name: `locks ${lock.name} in two tasks`,
    async round(desk) {
      const session = await desk.session()
      const mutex = session.mutex(lock.name)
      const results = await Promise.allSettled([task(), task()])
      for (const result of results) if (result.status === 'rejected') throw result.reason

      async function task(): Promise<void> {
        const attempt = desk.world.judge.holds.calling(desk, lock)
        const lease = await mutex.lock(desk.timeout(desk.random.fraction() * PATIENCE_MS))
        const giveBack = attempt.granted(lease)
        desk.world.marks.reached('a task waited in the line of its own session')
        await hold(desk, HOLD_MS)
        giveBack()
        await lease.release()
      }
    },
  }
}
