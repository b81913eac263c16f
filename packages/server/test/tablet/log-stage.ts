/** A node with a session log, over a host whose engine has moods and whose clock is moved by hand. */
import type { HostedNode } from '../../src/host/host.ts'
import { type LogVisitor, visitLog } from './log-visitor.ts'
import { settle } from './manual-clock.ts'
import { createNode, type Stage, stage } from './stage.ts'

/** Of the one theme. */
export const DELAY_MS = 10_000

export interface LogStage extends Stage {
  readonly node: HostedNode
  readonly opener: LogVisitor
}

/** A node with one theme, and a visitor that may open tasks of it. */
export async function logStage(limits: Parameters<typeof stage>[0] = {}): Promise<LogStage> {
  const set = stage(limits)
  const node = await createNode(set.host)
  const opener = await visitLog(node)
  opener.configure()
  await settle()
  return { ...set, node, opener }
}

/** A task with these records that has been stored. */
export async function stored(opener: LogVisitor, records: readonly string[]): Promise<void> {
  opener.open()
  await settle()
  const task = opener.opened
  for (const record of records) opener.append(task, record)
  opener.store(task)
  await settle()
}
