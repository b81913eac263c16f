/**
 * Stored tasks by the million: brought into a store that no server has open, and handed out by one.
 */
import type { LoadReport, LoadTask } from '../measurement.ts'
import { fill } from '../stored/fill.ts'
import type { Visitor } from '../subjects/subject.ts'

/** The node of `visitClient`, as a server of the database /local and a client of `file:` both name it. */
const PATH = '/local/bench'
const LATER_THEME = 2
const DUE_THEME = 3
/** Longer than any measurement. */
const LATER_SECONDS = 86_400
const DUE_SECONDS_MAX = 5

/** Tasks that are due when all measurements are over. */
export function fillLater(_: Visitor, task: LoadTask): Promise<LoadReport> {
  return fillTheme(task, { theme: LATER_THEME, delaySeconds: [LATER_SECONDS, LATER_SECONDS] })
}

/** Tasks that are due soon, in another order than the one in which they are stored. */
export function fillDue(_: Visitor, task: LoadTask): Promise<LoadReport> {
  return fillTheme(task, { theme: DUE_THEME, delaySeconds: [1, DUE_SECONDS_MAX] })
}

export async function delivery(visitor: Visitor, task: LoadTask): Promise<LoadReport> {
  if (visitor.deliver === undefined) throw new Error('this subject hands nothing out')
  const delivered = await visitor.deliver(DUE_THEME, task.serverPid ?? process.pid)
  if (delivered.tasks === task.size) return { kind: 'delivered', ...delivered }
  throw new Error(`${delivered.tasks} tasks were stored instead of ${task.size}`)
}

async function fillTheme(
  { address, size: tasks }: LoadTask,
  theme: { readonly theme: number; readonly delaySeconds: readonly [number, number] },
): Promise<LoadReport> {
  await fill({ folder: address.slice('file:'.length), path: PATH, tasks, ...theme })
  return { kind: 'seeded' }
}
