/** A server with records under way that dies again and again. */
import { connect } from 'tenure'
import { Progress } from '../history/progress.ts'
import type { Death, Scene } from './deaths.ts'
import { RecordLoad } from './record-load.ts'
import { Victim } from './victim.ts'

/** Answers after the last death. */
const ANSWERS_LAST = 200

/** @returns what is wrong, in sentences */
export async function besiegeRecords(
  deaths: readonly Death[],
  random: () => number,
): Promise<readonly string[]> {
  await using server = await Victim.start()
  const { address } = server
  const progress = new Progress()
  await using load = await RecordLoad.begin({
    progress,
    connect: () => connect(address, { protocol: 'tenure' }),
    path: '/local/records',
  })
  await Promise.race([dieOften(deaths, load, { server, progress, random }), load.broken])
  await load.finish()
  return load.breaches
}

async function dieOften(deaths: readonly Death[], load: RecordLoad, scene: Scene): Promise<void> {
  const { server } = scene
  await server.end('SIGKILL')
  for (const death of deaths) {
    await server.start(death.surroundings)
    await Promise.race([load.lap(), server.exit])
    await death.strike(scene)
  }
  await server.start()
  await scene.progress.more(ANSWERS_LAST)
}
