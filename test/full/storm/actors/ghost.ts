/** Takes an ephemeral lock and dies; somebody else waits for the lock. */
import type { Chance } from '../chance.ts'
import type { AcquireRecord } from '../history.ts'
import { type AcquireWish, Visitor } from '../visitor.ts'
import { nowMs, pause, type World } from '../world.ts'

const ALL = 2n ** 64n - 1n

export async function haunt(
  world: World,
  chance: Chance,
  { actor }: { actor: string },
): Promise<void> {
  const heir = new Visitor(world, { actor: `${actor}-heir`, timeoutMs: 3_000 })
  for (let round = 1; !world.calm.aborted; round += 1) {
    const wish: AcquireWish = {
      semaphore: `${world.epoch}-${actor}-${round}`,
      limit: ALL,
      count: ALL,
      timeoutMs: Infinity,
      ephemeral: true,
    }
    const ghost = new Visitor(world, { actor, timeoutMs: chance.pick([1_500, 2_000]) })
    const hasLock = await take(ghost, wish)
    const waiting = inherit(heir, wish, world)
    await pause(chance.between(0, 500), world.calm)
    const session = ghost.session
    ghost.die(chance.pick(['silent', 'cut']))
    const waited = await waiting
    if (hasLock && session !== null && waited !== null) {
      world.history.inheritances.push({ ghost: session, heir: waited, seenUntil: nowMs() })
    }
    if ((await heir.present()) === null) break
    await heir.release(wish.semaphore)
    if ((await heir.present()) === null) break
    await heir.describe(wish.semaphore)
  }
  await heir.stop()
}

async function take(ghost: Visitor, wish: AcquireWish): Promise<boolean> {
  if ((await ghost.present()) === null) return false
  const { record, done } = ghost.acquire(wish)
  await done
  return record.acquired
}

/** Waits for the lock, through breaks, until the storm is over. @returns its last acquire; null when there was none */
async function inherit(
  heir: Visitor,
  wish: AcquireWish,
  world: World,
): Promise<AcquireRecord | null> {
  let last: AcquireRecord | null = null
  while ((await heir.present()) !== null) {
    const { record, done } = heir.acquire(wish)
    last = record
    await Promise.race([done, over(world.calm)])
    if (record.acquired) break
  }
  return last
}

async function over(calm: AbortSignal): Promise<void> {
  if (calm.aborted) return
  await new Promise<void>((resolve) => {
    calm.addEventListener('abort', () => resolve(), { once: true })
  })
}
