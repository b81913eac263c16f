/** Takes a lock that appears with its first holder, holds it for a while, gives it back. */
import type { Lockable } from '../judge/lockable.ts'
import type { Desk, Program } from './program.ts'

const HOLD_MS = 300
const LONG_SHARE = 0.05
const QUIET_LONG_SHARE = 0.5
const LONG_MS = 5_000
const PATIENCE_MS = 15_000

export function locker(lock: Lockable): Program {
  return {
    name: `locks ${lock.name}`,
    async round(desk) {
      const session = await desk.session()
      const mutex = session.mutex(lock.name)
      const attempt = desk.world.judge.holds.calling(desk, lock)
      const lease = desk.random.chance(0.2)
        ? await mutex.tryLock()
        : await mutex.lock(desk.timeout(desk.random.fraction() * PATIENCE_MS))
      if (lease === null) return desk.sleep(desk.random.fraction() * HOLD_MS)
      const giveBack = attempt.granted(lease)
      await hold(desk, HOLD_MS)
      giveBack()
      await lease.release()
    },
  }
}

/** Mostly short, at times for longer than a session outlives its last word. */
export function hold(desk: Desk, meanMs: number): Promise<void> {
  const { isQuiet } = desk.world.settings
  const isLong = desk.random.chance(isQuiet ? QUIET_LONG_SHARE : LONG_SHARE) && !desk.world.isHealed
  return desk.sleep(desk.random.exponential(isLong ? LONG_MS : meanMs))
}
