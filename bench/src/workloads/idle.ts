/**
 * Sessions that only stay alive: what the server needs in memory for each.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { residentBytes } from '../machine/usage.ts'
import type { LoadReport, LoadTask } from '../measurement.ts'
import type { Visitor } from '../subjects/subject.ts'

export async function idle(visitor: Visitor, task: LoadTask): Promise<LoadReport> {
  if (visitor.idle === undefined) throw new Error('this subject has no idle sessions')
  if (task.serverPid === null) throw new Error('memory is measured only of a server of its own')
  // The first session pays for what all share: code, pools, tables.
  await visitor.idle(1)
  await delay(task.warmUpMs)
  const beforeBytes = residentBytes(task.serverPid)
  await visitor.idle(task.size)
  // Several keep-alives pass, so that their garbage and the buffers they need are there too.
  await delay(task.runMs)
  const afterBytes = residentBytes(task.serverPid)
  if (beforeBytes === null || afterBytes === null) {
    throw new Error('the memory of another process cannot be read here')
  }
  return { kind: 'memory', beforeBytes, afterBytes }
}
