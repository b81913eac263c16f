/** A server under work that dies again and again, and what its clients saw of it. */
import { connect } from 'tenure'
import { judge } from '../history/judge.ts'
import { Progress } from '../history/progress.ts'
import { Recorder } from '../history/recorder.ts'
import { Workload } from '../history/workload.ts'
import type { Death, Mortal } from './deaths.ts'

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
  const scene = { server, progress, random }
  const siege = async (): Promise<void> => {
    await server.end('SIGKILL')
    for (const death of deaths) {
      try {
        await server.start(death.surroundings)
      } catch {
        // It died before it served: that is one of the ways.
        continue
      }
      await death.strike(scene)
    }
    await server.start()
    await progress.more(ANSWERS_LAST)
  }
  await Promise.race([siege(), workload.broken])
  await workload.finish()
  return judge(recorder.history)
}
