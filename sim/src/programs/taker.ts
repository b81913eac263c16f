/** Takes some units of a semaphore with a limit, in every way there is. */
import type { Lease, Semaphore } from '@tenure/client'
import type { Lockable } from '../judge/holds.ts'
import { hold } from './locker.ts'
import type { Desk, Program } from './program.ts'

const HOLD_MS = 300
const SHORT_MS = 400
const PATIENCE_MS = 15_000

export function taker(pool: Lockable): Program {
  return {
    name: `takes of ${pool.name}`,
    async round(desk) {
      const session = await desk.session()
      const semaphore = session.semaphore(pool.name, { limit: Number(pool.limit) })
      const count = desk.random.whole(1, Number(pool.limit))
      const attempt = desk.world.judge.holds.calling(desk, pool)
      const lease = await take(desk, semaphore, count)
      if (lease === null) return hold(desk, HOLD_MS)
      const giveBack = attempt.granted(lease)
      await hold(desk, HOLD_MS)
      if (desk.random.chance(0.2)) await lease.update(`${desk.name} holds on`)
      giveBack()
      if (count > 1 && desk.random.chance(0.3)) {
        await lease.downgrade(1)
        await hold(desk, HOLD_MS)
      }
      await lease.release()
    },
  }
}

function take(desk: Desk, semaphore: Semaphore, count: number): Promise<Lease | null> {
  const { random } = desk
  const data = random.chance(0.5) ? desk.name : ''
  const way = random.below(4)
  if (way === 0) return semaphore.tryAcquire({ count, data })
  const patience = desk.timeout(random.fraction() * PATIENCE_MS)
  if (way === 1) {
    return semaphore.acquire({ count, data, timeout: random.whole(0, SHORT_MS) }, patience)
  }
  return semaphore.acquire({ count, data }, patience)
}
