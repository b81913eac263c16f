/**
 * Ends by force what others have: their record leases, and the sessions that the client library has opened by itself.
 *
 * Of other sessions a holder may believe for a moment longer that it holds what was taken from it.
 */
import { NotFoundError } from '@tenure/client'
import type { Desk, Program } from './program.ts'
import { CREWS } from './tenant.ts'

const PAUSE_MS = 1_000
const LEASE_SHARE = 0.3

/** @param what for which the client library has opened the sessions, as it describes them */
export function operator(what: 'records' | 'log'): Program {
  return {
    name: 'operates',
    needsOwnProtocol: true,
    async round(desk) {
      const { world, client, random } = desk
      await desk.sleep(random.exponential(PAUSE_MS))
      if (what === 'records' && random.chance(LEASE_SHARE)) return endLease(desk)
      const sessions = await client.listSessions(world.path, desk.timeout(20_000))
      const victims = sessions.filter(({ description }) => description === what)
      if (victims.length === 0 || world.isHealed) return
      // Of what was asked in a session that its client has left for a moment, nobody knows whether it was done.
      const absent = victims.filter((victim) => !victim.isAttached)
      const { id, isAttached } = random.pick(absent.length > 0 ? absent : victims)
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

async function endLease(desk: Desk): Promise<void> {
  const signal = desk.timeout(20_000)
  const crews = await desk.storage().getRange({ prefix: CREWS }, {}, signal)
  if (crews.length === 0) return
  const { lease } = desk.random.pick(crews)
  try {
    await (await desk.storage().lessor.getLease(lease, signal)).release(signal)
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error
  }
}
