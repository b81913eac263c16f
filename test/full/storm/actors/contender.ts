/** Takes weighted semaphores in turn with others: waits, gives up, holds, takes less, asks for more, releases. */
import type { Chance } from '../chance.ts'
import { BAD_REQUEST } from '../status.ts'
import { type AcquireWish, Visitor } from '../visitor.ts'
import { pause, type World } from '../world.ts'

/** A semaphore that is fought for. */
export interface Prize {
  readonly semaphore: string
  readonly limit: bigint
  readonly counts: readonly bigint[]
  readonly ephemeral: boolean
}

const HOLD_MAX_MS = 40
const WAITS_MS = [0, 0, 30, 120, 400, 900, Infinity, Infinity, Infinity]

export async function contend(
  world: World,
  chance: Chance,
  { actor, prizes }: { actor: string; prizes: readonly Prize[] },
): Promise<void> {
  const visitor = new Visitor(world, {
    actor,
    timeoutMs: chance.pick([1_500, 2_000, 3_000]),
    key: chance.happens(0.5) ? chance.bytes(chance.between(1, 16)) : new Uint8Array(0),
  })
  while ((await visitor.present()) !== null) {
    const prize = chance.pick(prizes)
    const wish = wishFor(prize, chance)
    const isHeld = await tryFor(visitor, wish, { world, chance })
    if (isHeld) await hold(visitor, wish, { world, chance })
    // After a break nobody knows what has become of the wish: the release makes it plain.
    if ((await visitor.present()) !== null) await visitor.release(prize.semaphore)
    await pause(chance.between(0, 15), world.calm)
  }
  await visitor.stop()
}

function wishFor({ semaphore, limit, counts, ephemeral }: Prize, chance: Chance): AcquireWish {
  const timeoutMs = chance.pick(WAITS_MS)
  return { semaphore, limit, count: chance.pick(counts), timeoutMs, ephemeral }
}

interface Surroundings {
  readonly world: World
  readonly chance: Chance
}

/** @returns whether it is held */
async function tryFor(
  visitor: Visitor,
  wish: AcquireWish,
  { world, chance }: Surroundings,
): Promise<boolean> {
  const { record, done } = visitor.acquire(wish)
  const patienceMs = chance.happens(0.15) ? chance.between(1, 200) : 10_000
  const patience = pause(patienceMs, world.calm)
  await Promise.race([done, patience])
  if (record.returnedAt === Infinity && record.brokenAt === Infinity) return false
  if (record.brokenAt === Infinity) return record.acquired
  // Asked again it keeps its place, or is what it already is: an owner.
  if (chance.happens(0.5) || (await visitor.present()) === null) return false
  const again = visitor.acquire(wish)
  await Promise.race([again.done, pause(patienceMs, world.calm)])
  return again.record.acquired
}

async function hold(
  visitor: Visitor,
  wish: AcquireWish,
  { world, chance }: Surroundings,
): Promise<void> {
  await pause(chance.between(0, HOLD_MAX_MS), world.calm)
  if (!chance.happens(0.3) || (await visitor.present()) === null) return
  if (wish.count > 1n && chance.happens(0.6)) {
    const count = wish.count === wish.limit ? 1n : wish.count - 1n
    await visitor.acquire({ ...wish, count }).done
  } else if (wish.count < wish.limit) {
    const { record, done } = visitor.acquire({ ...wish, count: wish.count + 1n, timeoutMs: 0 })
    await done
    if (record.status !== BAD_REQUEST) return
  }
  await pause(chance.between(0, HOLD_MAX_MS), world.calm)
  if (chance.happens(0.2) && (await visitor.present()) !== null) {
    await visitor.describe(wish.semaphore)
  }
}
