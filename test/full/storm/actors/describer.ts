/** Looks at the semaphores that others fight for. */
import type { Chance } from '../chance.ts'
import { Visitor } from '../visitor.ts'
import { pause, type World } from '../world.ts'

export async function describe(
  world: World,
  chance: Chance,
  { actor, semaphores }: { actor: string; semaphores: readonly string[] },
): Promise<void> {
  const visitor = new Visitor(world, { actor, timeoutMs: 2_000 })
  while ((await visitor.present()) !== null) {
    await visitor.describe(chance.pick(semaphores))
    await pause(chance.between(0, 15), world.calm)
  }
  await visitor.stop()
}
