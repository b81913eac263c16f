/** Makes a record lease with a crew of records under it, lives on it for a while, releases it or lets it run out. */
import { WrongLeaseError } from '@tenure/client'
import { hold } from './locker.ts'
import type { Desk, Program } from './program.ts'
import { newValue } from './record-values.ts'

/** Where crews are; the keys of one crew begin alike. */
export const CREWS = 'crew/'
/** The records of a crew. */
export const CREW: readonly string[] = ['bow', 'helm', 'stern']

const TTLS_MS = [500, 900, 2_000]
const STAY_MS = 700
const RELEASE_SHARE = 0.6

export function tenant(keepAlive: boolean): Program {
  return {
    name: keepAlive ? 'keeps leases' : 'uses short leases',
    needsOwnProtocol: true,
    async round(desk) {
      const { world, random, process } = desk
      const patience = desk.timeout(20_000)
      const lease = await desk
        .storage()
        .lessor.newLease(random.pick(TTLS_MS), { keepAlive }, patience)
      desk.note(`has record lease ${lease.id} of ${lease.ttlMs} ms`)
      if (keepAlive) world.judge.leases.held(process, lease)
      const { signal } = lease
      try {
        await man(desk, lease.id)
        await hold(desk, STAY_MS)
        if (keepAlive) world.judge.leases.looked(process, lease)
        if (signal.aborted) world.marks.reached('a record lease is lost')
        else if (keepAlive) await man(desk, lease.id)
      } catch (error) {
        // Others learn it from the signal; a write may come first.
        if (!(error instanceof WrongLeaseError)) throw error
      }
      if (keepAlive || random.chance(RELEASE_SHARE)) await lease.release(desk.timeout(20_000))
      else world.marks.reached('a lease is left to run out')
    },
  }
}

/** Writes the whole crew as one. */
async function man(desk: Desk, lease: bigint): Promise<void> {
  const value = newValue(desk)
  await desk.storage().transact(
    {
      then: CREW.map((part) => ({ kind: 'put', key: `${CREWS}${lease}/${part}`, value, lease })),
    },
    desk.timeout(20_000),
  )
}
