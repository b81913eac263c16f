/** Runs for leader, leads for a while, proclaims, resigns. */
import type { Lockable } from '../judge/lockable.ts'
import { hold } from './locker.ts'
import type { Program } from './program.ts'

const TERM_MS = 500
const PATIENCE_MS = 15_000

export function candidate(office: Lockable): Program {
  return {
    name: `runs for ${office.name}`,
    async round(desk) {
      const session = await desk.session()
      const election = session.election(office.name)
      const attempt = desk.world.judge.holds.calling(desk, office)
      const patience = desk.timeout(desk.random.fraction() * PATIENCE_MS)
      const leadership = await election.campaign(desk.writer, patience)
      const { token, signal } = leadership
      const resigns = attempt.granted({ token, signal, count: 1n })
      try {
        await hold(desk, TERM_MS)
        if (desk.random.chance(0.5)) await leadership.proclaim(`${desk.writer} speaks`)
        await hold(desk, TERM_MS)
      } finally {
        if (signal.aborted) desk.world.marks.reached('a leader is put down')
        resigns()
        await leadership.resign()
      }
    },
  }
}
