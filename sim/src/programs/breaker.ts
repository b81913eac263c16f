/** Users of a semaphore that is torn from their hands: whoever holds it or waits for it is told, and nobody else gets hurt. */
import { AbortedError, AlreadyExistsError, NotFoundError, type Session } from '@tenure/client'
import type { Desk, Program } from './program.ts'

const LIMIT = 2
const HOLD_MS = 400
const PAUSE_MS = 500

export function breaker(name: string): Program {
  return {
    name: `breaks ${name}`,
    async round(desk) {
      const session = await desk.session()
      if (desk.random.chance(0.3)) await remake(session, name)
      else await use(desk, session, name)
      await desk.sleep(desk.random.exponential(PAUSE_MS))
    },
  }
}

async function remake(session: Session, name: string): Promise<void> {
  const semaphore = session.semaphore(name)
  try {
    await semaphore.delete({ force: true })
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error
  }
  try {
    await semaphore.create({ limit: LIMIT })
  } catch (error) {
    if (!(error instanceof AlreadyExistsError)) throw error
  }
}

async function use(desk: Desk, session: Session, name: string): Promise<void> {
  const { marks } = desk.world
  try {
    const lease = await session.semaphore(name).acquire({ count: desk.random.whole(1, LIMIT) })
    const { signal } = lease
    await desk.sleep(desk.random.exponential(HOLD_MS))
    if (signal.reason instanceof AbortedError) marks.reached('a lease is lost to a delete')
    await lease.release()
  } catch (error) {
    if (error instanceof AbortedError) marks.reached('a waiter is sent away by a delete')
    else if (!(error instanceof NotFoundError)) throw error
  }
}
