/** Ends sessions of others by force: those in which records are asked for, since nobody believes in them by name. */
import { NotFoundError } from '@tenure/client'
import type { Program } from './program.ts'

const PAUSE_MS = 2_500
/** As the client library describes them. */
const DESCRIPTION = 'records'

export function operator(): Program {
  return {
    name: 'operates',
    usesRecords: true,
    async round(desk) {
      const { world, client, random } = desk
      await desk.sleep(random.exponential(PAUSE_MS))
      const sessions = await client.listSessions(world.path, desk.timeout(20_000))
      const victims = sessions.filter(({ description }) => description === DESCRIPTION)
      if (victims.length === 0 || world.isHealed) return
      const { id, isAttached } = random.pick(victims)
      desk.note(`ends session ${id}`)
      world.judge.sessions.closing(id)
      try {
        await client.endSession(world.path, id, desk.timeout(20_000))
        if (isAttached) world.marks.reached('an operator ends a session')
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error
      }
    },
  }
}
