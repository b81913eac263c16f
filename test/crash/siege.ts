/** A server under work that dies again and again, and what its clients saw of it. */
import { connect } from 'tenure'
import { judge } from '../history/judge.ts'
import { Progress } from '../history/progress.ts'
import { Recorder } from '../history/recorder.ts'
import { Workload } from '../history/workload.ts'
import type { Exit } from '../program.ts'
import type { Death, Mortal, Scene } from './deaths.ts'

/** Answers after the last death. */
const ANSWERS_LAST = 200

/**
 * Lets the server, which runs, die all these deaths while clients use it.
 *
 * @returns what is wrong, in sentences
 */
export async function besiege(
  server: Mortal,
  deaths: readonly Death[],
  random: () => number,
): Promise<string[]> {
  const progress = new Progress()
  const recorder = new Recorder(progress.made)
  await using workload = await Workload.start({
    recorder,
    connect: () => connect(server.address),
    path: '/local/crash',
    random,
  })
  const breaches: string[] = []
  const siege = lay({ server, progress, random }, deaths, breaches)
  try {
    await Promise.race([siege, workload.broken])
    await workload.finish()
  } catch (error) {
    breaches.push(`nobody should have met this: ${String(error)}`)
  } finally {
    progress.end()
    await Promise.allSettled([siege])
  }
  return [...breaches, ...judge(recorder.history)]
}

async function lay(scene: Scene, deaths: readonly Death[], breaches: string[]): Promise<void> {
  const { server, progress } = scene
  await server.end('SIGKILL')
  for (const death of deaths) {
    if (progress.isOver) return
    await die(death, scene)
    const exit = await server.exit
    if (!isExpected(death, exit)) breaches.push(`${death.name}: ended by ${JSON.stringify(exit)}`)
  }
  await server.start()
  await progress.more(ANSWERS_LAST)
}

async function die(death: Death, scene: Scene): Promise<void> {
  try {
    await scene.server.start(death.surroundings)
  } catch {
    // It died before it served, which is one of the ways; how it ended is looked at all the same.
    return
  }
  await death.strike(scene)
}

/** A program that kills what it has started ends with this code. */
const KILLED = 128 + 9

function isExpected({ mayEnd = false }: Death, { code, signal }: Exit): boolean {
  return signal === 'SIGKILL' || code === KILLED || (mayEnd && code === 0)
}
