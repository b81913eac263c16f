/** Waits for a record to change, and sees that it has. */
import { NotFoundError } from '@tenure/client'
import type { Program } from './program.ts'

const PAUSE_MS = 150
const PATIENCE_MS = 2_500

export function waiter(key: string): Program {
  return {
    name: `waits for ${key}`,
    needsOwnProtocol: true,
    async round(desk) {
      const { world, random } = desk
      const storage = desk.storage()
      try {
        const { version } = await storage.get(key, desk.timeout(20_000))
        const patience = desk.timeout(random.fraction() * PATIENCE_MS)
        const next = await storage.waitForVersionChange(key, version, patience)
        // K1 as well: a version of a key is never less than one before.
        if (next !== null && next.version <= version) {
          const problem = `${desk.name} waited for another version than ${version} and got ${next.version}`
          world.judge.violate('K4', problem)
        }
      } catch (error) {
        if (desk.isImpatience(error)) world.marks.reached('a wait for a record is given up')
        else if (!(error instanceof NotFoundError)) throw error
      }
      await desk.sleep(random.exponential(PAUSE_MS))
    },
  }
}
