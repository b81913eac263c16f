/**
 * Comes when everybody has left: nobody may hold or wait for anything then, whatever the storm did to its holder, and what is
 * stored must be what is served.
 */
import { NotFoundError, type Session } from '@tenure/client'
import { KEY_RANGE_ALL, Kernel } from '@tenure/kernel'
import type { Settings } from '../settings.ts'
import type { Desk, Program } from './program.ts'
import { buryTasks } from './undertaker.ts'

/** Beyond the timeout and the grace period of a session: the pings that its server may miss, and the allowance of S2. */
const DETECTION_MS = 12_000
/** The longest timeout of the sessions that the client library opens by itself. */
const HIDDEN_MS = 30_000
const LOOK_MS = 250

/** @param names everything that anybody took, wrote or watched */
export function auditor(names: readonly string[], { themes }: Settings): Program {
  let hasWaited = false
  return {
    name: 'audits',
    needsOwnProtocol: themes.length > 0,
    async round(desk) {
      const { settings, schedule } = desk.world
      if (!hasWaited) {
        await callIn(desk)
        const timeoutMs = Math.max(HIDDEN_MS, ...settings.sessionTimeoutsMs)
        await everybodyGone(desk, timeoutMs + settings.graceMs + DETECTION_MS)
      }
      hasWaited = true
      const session = await desk.session()
      for (const name of names) await auditName(desk, session, name)
      await desk.closing(session)
      if (themes.length > 0) {
        await buryTasks(desk)
        await desk.client.close()
      }
      await auditStorage(desk, schedule.nowMs)
      desk.world.marks.reached('the auditor has looked')
    },
  }
}

/** Servers take tasks to nobody any more, and leave. */
async function callIn(desk: Desk): Promise<void> {
  const { settings } = desk.world
  for (const { theme, ...options } of settings.themes) {
    await desk.pipe().configure(theme, { ...options, handler: '' })
  }
}

/** Whatever a client left behind goes by itself, in time. */
async function everybodyGone(desk: Desk, longestMs: number): Promise<void> {
  const { judge, schedule } = desk.world
  const endMs = schedule.nowMs + longestMs
  const isAnybodyHere = (): boolean =>
    judge.stored.sessions + judge.archive.leases > 0 || judge.tasks.archive.isAnyActive
  while (schedule.nowMs < endMs && isAnybodyHere()) await desk.sleep(LOOK_MS)
  if (judge.tasks.archive.isAnyActive) judge.violate('J2', 'nobody is here, and a task is active')
  if (judge.archive.leases > 0)
    judge.violate('K3', `${judge.archive.leases} record leases are left`)
}

async function auditName(desk: Desk, session: Session, name: string): Promise<void> {
  try {
    const { owners, waiters, ephemeral } = await session
      .semaphore(name)
      .describe({ owners: true, waiters: true })
    for (const { sessionId } of [...owners, ...waiters]) {
      desk.world.judge.violate('S2', `session ${sessionId} is still in the books of "${name}"`)
    }
    if (ephemeral) desk.world.judge.violate('S2', `"${name}" is still there, and nobody uses it`)
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error
  }
}

/** A new owner of what is stored finds a node without sessions, and no contradiction. */
async function auditStorage(desk: Desk, nowMs: number): Promise<void> {
  const { storage, path, judge } = desk.world
  const partition = await storage.truth.claim(path, { id: 'auditor', address: '' })
  const kernel = new Kernel()
  try {
    for await (const entry of partition.scan(KEY_RANGE_ALL)) kernel.load(entry)
    kernel.start(nowMs)
  } catch (error) {
    judge.violate('D2', `what is stored cannot be loaded: ${String(error)}`)
    return
  }
  const { sessions, owners, waiters, activeTasks, storedTasks, deadTasks } = kernel.statistics()
  if (sessions + owners + waiters > 0) {
    judge.violate('S2', `${sessions} sessions, ${owners} owners and ${waiters} waiters are stored`)
  }
  if (activeTasks + storedTasks + deadTasks === 0) return
  judge.violate('J2', `${activeTasks} + ${storedTasks} + ${deadTasks} tasks are counted`)
}
