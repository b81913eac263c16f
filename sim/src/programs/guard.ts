/**
 * Writes a record under the token of a lock, and does not look whether the lock is still held: the server has to see that a newer
 * holder's writes stay.
 */
import { FencedError } from '@tenure/client'
import { hold } from './locker.ts'
import type { Desk, Program } from './program.ts'
import { FENCED_KEY } from '../fenced-key.ts'
import { fencedValue } from './record-values.ts'

const LOCK = 'gate'
const HOLD_MS = 250
const LATE_SHARE = 0.4
const PATIENCE_MS = 15_000

export function guard(): Program {
  return {
    name: 'writes under a token',
    needsOwnProtocol: true,
    async round(desk) {
      const session = await desk.session()
      const lock = await session
        .mutex(LOCK)
        .lock(desk.timeout(desk.random.fraction() * PATIENCE_MS))
      const { token } = lock
      try {
        await write(desk, token)
        await hold(desk, HOLD_MS)
        if (lock.signal.aborted) desk.world.marks.reached('a fence is used after its lock was lost')
        await write(desk, token)
      } finally {
        await lock.release()
      }
      if (!desk.random.chance(LATE_SHARE)) return
      await desk.sleep(desk.random.exponential(HOLD_MS))
      await write(desk, token)
    },
  }
}

async function write(desk: Desk, token: bigint): Promise<void> {
  const record = { key: FENCED_KEY, value: fencedValue(desk, token) }
  try {
    await desk.storage().put(record, { fence: { name: LOCK, token } }, desk.timeout(20_000))
  } catch (error) {
    if (!(error instanceof FencedError)) throw error
  }
}
