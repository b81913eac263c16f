/**
 * Falls asleep with a task in hand, as a machine does whose lid is closed: its process stands still, nothing reaches it, and when it wakes
 * up its connection may still lie dead. The server has given its task to somebody else by then, and it has to know.
 */
import { Driving } from './driving.ts'
import type { Desk, Program } from './program.ts'

const PATIENCE_MS = 20_000
const AWAKE_MS = 1_500
const SLEEP_MIN_MS = 4_000
const SLEEP_MAX_MS = 10_000
/** It wakes up before its network does. */
const OFFLINE_MS = 400

export function sleeper(): Program {
  return {
    name: 'sleeps over a task',
    needsOwnProtocol: true,
    async round(desk) {
      const { world, random } = desk
      const { theme } = random.pick(world.settings.themes)
      const driving = await Driving.open(desk, theme, desk.timeout(PATIENCE_MS))
      try {
        await desk.sleep(random.exponential(AWAKE_MS))
        if (!world.isHealed) await fallAsleep(desk)
        if (driving.task.signal.aborted) world.marks.reached('a program wakes up without its task')
      } finally {
        await driving.task[Symbol.asyncDispose]()
      }
      await desk.sleep(random.exponential(AWAKE_MS))
    },
  }
}

/** Resolves when it is awake again. */
function fallAsleep(desk: Desk): Promise<void> {
  const { world, random, process } = desk
  const sleepMs = random.between(SLEEP_MIN_MS, SLEEP_MAX_MS)
  desk.note('falls asleep')
  world.network.isolate(process.name)
  process.pause()
  world.schedule.after(sleepMs, () => process.resume())
  world.schedule.after(sleepMs + OFFLINE_MS, () => world.network.rejoin(process.name))
  return desk.sleep(OFFLINE_MS / 2)
}
