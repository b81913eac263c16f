/** Takes a lock that nobody else wants and gives it back at once: the latest tokens are of entries that are gone already. */
import type { Chance } from '../chance.ts'
import { Visitor } from '../visitor.ts'
import { pause, type World } from '../world.ts'

const ALL = 2n ** 64n - 1n

export async function sprint(
  world: World,
  chance: Chance,
  { actor }: { actor: string },
): Promise<void> {
  const visitor = new Visitor(world, { actor, timeoutMs: 2_000 })
  const semaphore = `${world.epoch}-${actor}`
  while ((await visitor.present()) !== null) {
    const wish = { semaphore, limit: ALL, count: 1n, timeoutMs: 0, ephemeral: true }
    await visitor.acquire(wish).done
    if ((await visitor.present()) === null) break
    await visitor.release(semaphore)
    await pause(chance.between(0, 10), world.calm)
  }
  await visitor.stop()
}
