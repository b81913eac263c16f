/** Makes the coordination node, with the settings and themes of the run, before anybody else comes. */
import type { Settings } from '../settings.ts'
import type { Program } from './program.ts'

const IDLE_MS = 10_000

export function founder({ selfCheckMs, graceMs, themes }: Settings): Program {
  let isFounded = false
  return {
    name: 'founds',
    needsOwnProtocol: themes.length > 0,
    async round(desk) {
      const { client, world } = desk
      if (isFounded) return desk.sleep(IDLE_MS)
      await client.createNode(world.path, {
        selfCheckPeriodMs: selfCheckMs,
        sessionGracePeriodMs: graceMs,
      })
      for (const { theme, ...options } of themes) {
        await client.pipe(world.path).configure(theme, options)
      }
      isFounded = true
      world.founded()
    },
  }
}
