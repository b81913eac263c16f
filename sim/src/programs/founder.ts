/** Makes the coordination node, with the settings of the run, before anybody else comes. */
import type { Settings } from '../settings.ts'
import type { Program } from './program.ts'

const IDLE_MS = 10_000

export function founder({ selfCheckMs, graceMs }: Settings): Program {
  let isFounded = false
  return {
    name: 'founds',
    async round(desk) {
      const { client, world } = desk
      if (isFounded) return desk.sleep(IDLE_MS)
      await client.createNode(world.path, {
        selfCheckPeriodMs: selfCheckMs,
        sessionGracePeriodMs: graceMs,
      })
      isFounded = true
      world.founded()
    },
  }
}
