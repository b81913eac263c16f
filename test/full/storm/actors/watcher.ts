/** Describes with a watch, waits for the change, describes again; sometimes it does not wait. */
import type { Chance } from '../chance.ts'
import { Visitor } from '../visitor.ts'
import { nowMs, pause, type World } from '../world.ts'

const LOOK_MS = 5

export interface WatcherOptions {
  readonly actor: string
  readonly semaphores: readonly string[]
  /** How long it waits for a change. */
  readonly patienceMs: number
}

export async function watch(
  world: World,
  chance: Chance,
  { actor, semaphores, patienceMs }: WatcherOptions,
): Promise<void> {
  const visitor = new Visitor(world, { actor, timeoutMs: 2_000 })
  while ((await visitor.present()) !== null) {
    const semaphore = chance.pick(semaphores)
    let wantsMore = true
    while (wantsMore && (await visitor.present()) !== null) {
      const data = chance.happens(0.7)
      const record = await visitor.describe(semaphore, {
        data,
        owners: !data || chance.happens(0.5),
      })
      const untilMs = nowMs() + (chance.happens(0.8) ? patienceMs : chance.between(0, 30))
      while (record.watchAdded && nowMs() < untilMs && !world.calm.aborted) {
        if (record.changedAt < Infinity || record.deafAt < Infinity) break
        await pause(LOOK_MS)
      }
      wantsMore = record.changedAt < Infinity
    }
    await pause(chance.between(0, 20), world.calm)
  }
  await visitor.stop()
}
