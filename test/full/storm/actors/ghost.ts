/** Takes an ephemeral lock and dies; somebody else waits for the lock. */
import type { Chance } from '../chance.ts'
import type { AcquireRecord } from '../history.ts'
import { type AcquireWish, Visitor } from '../visitor.ts'
import { pause, type World } from '../world.ts'

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
    const inherited = await waiting
    if (hasLock && session !== null && inherited !== null) {
      world.history.inheritances.push({ ghost: session, heir: inherited })
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

/** Waits for the lock, through breaks; null when the storm is over before. */
async function inherit(
  heir: Visitor,
  wish: AcquireWish,
  world: World,
): Promise<AcquireRecord | null> {
  while ((await heir.present()) !== null) {
    const { record, done } = heir.acquire(wish)
    await Promise.race([done, over(world.calm)])
    if (record.acquired) return record
    if (world.calm.aborted) return null
  }
  return null
}

async function over(calm: AbortSignal): Promise<void> {
  if (calm.aborted) return
  await new Promise<void>((resolve) => {
    calm.addEventListener('abort', () => resolve(), { once: true })
  })
}
