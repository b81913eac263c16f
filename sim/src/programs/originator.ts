/** Begins work that has to be finished: opens a task, writes down what it does, and ends it, stores it, or forgets it. */
import { TaskLostError, TaskTooLargeError, UnknownThemeError } from '@tenure/client'
import { Driving } from './driving.ts'
import type { Desk, Program } from './program.ts'

const PAUSE_MS = 350
const PATIENCE_MS = 20_000
const HURRY_MS = 40
const BURST = 3
const STEPS_MAX = 4
const DELAY_SECONDS_MAX = 2
/** How many rounds make many tasks that come back together. */
const WAVE_SHARE = 0.15
const WAVE_TASKS_MAX = 8
/** Nobody has configured it. */
const UNKNOWN_THEME = 99
const UNKNOWN_SHARE = 0.03
/** How many tasks are left open, as by a program that has forgotten them. */
const FORGET_SHARE = 0.2

/** @param which of those at one client */
export function originator(which: string): Program {
  return {
    name: `begins tasks as the ${which}`,
    needsOwnProtocol: true,
    async round(desk) {
      const { world, random } = desk
      if (random.chance(UNKNOWN_SHARE)) return askInVain(desk)
      if (random.chance(WAVE_SHARE)) return makeWave(desk)
      const { theme } = random.pick(world.settings.themes)
      const patience = random.chance(0.1) ? random.fraction() * HURRY_MS : PATIENCE_MS
      const driving = await Driving.open(desk, theme, desk.timeout(patience))
      try {
        await work(desk, driving)
        await finish(desk, driving)
      } catch (error) {
        if (error instanceof TaskLostError)
          world.marks.reached('a task is lost with its connection')
        throw error
      } finally {
        if (world.isHealed || !random.chance(FORGET_SHARE))
          await driving.task[Symbol.asyncDispose]()
      }
      await desk.sleep(random.exponential(PAUSE_MS))
    },
  }
}

/** As when something fails that many tasks need. */
async function makeWave(desk: Desk): Promise<void> {
  const { random, world } = desk
  const { theme } = random.pick(world.settings.themes)
  const delaySeconds = random.whole(0, DELAY_SECONDS_MAX)
  const one = async (): Promise<void> => {
    const driving = await Driving.open(desk, theme, desk.timeout(PATIENCE_MS))
    await driving.store(delaySeconds)
  }
  const all = Array.from({ length: random.whole(2, WAVE_TASKS_MAX) }, one)
  const results = await Promise.allSettled(all)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

async function askInVain(desk: Desk): Promise<void> {
  try {
    await desk.pipe().open(UNKNOWN_THEME, '', desk.timeout(PATIENCE_MS))
  } catch (error) {
    if (!(error instanceof UnknownThemeError)) throw error
    return
  }
  desk.world.judge.violate('M2', `${desk.name} has opened a task of a theme that nobody knows`)
}

/** Writes some records. */
export async function work(desk: Desk, driving: Driving): Promise<void> {
  const { random } = desk
  const steps = random.whole(0, STEPS_MAX)
  for (let step = 0; step < steps; step += 1) {
    const patience = random.chance(0.1) ? desk.timeout(random.fraction() * HURRY_MS) : undefined
    try {
      if (random.chance(0.25)) await driving.replace(patience)
      else if (random.chance(0.3)) await driving.burst(BURST)
      else await driving.append(patience)
    } catch (error) {
      if (!(error instanceof TaskTooLargeError) && !desk.isImpatience(error)) throw error
    }
    await desk.sleep(random.exponential(PAUSE_MS) / STEPS_MAX)
  }
}

async function finish(desk: Desk, driving: Driving): Promise<void> {
  const { random } = desk
  const chance = random.fraction()
  if (chance < 0.4) await driving.delete()
  else if (chance < 0.8) await driving.store(random.whole(0, DELAY_SECONDS_MAX))
  else await desk.sleep(random.exponential(PAUSE_MS))
}
