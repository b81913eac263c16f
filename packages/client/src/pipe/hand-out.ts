/** A task that is handed to a handler, from its records to its end. */
import { Drive, type Driven } from './drive.ts'
import { failureTextOf } from './failure-text.ts'
import { Task } from './task.ts'
import type { Way } from './way.ts'

/** What a handler gets. */
export interface HandOut {
  /** All of them, in order. */
  readonly records: readonly Uint8Array[]
  readonly task: Task
  /** The coordination node. */
  readonly path: string
  readonly theme: number
  /** Names this hand-out: with the task's id the key under which other systems can be told that something is asked again. */
  readonly attempt: number
  /** How often the task has been handed out, with this time; counts anew when a person has requeued it. */
  readonly repeats: number
}

/**
 * Does the work of one task. When it returns the task is deleted, unless it was stored; when it throws the task is stored with the theme's
 * delay, and the error's text kept for people.
 *
 * @param signal aborts when the task is not driven here any more: somebody else may be at it soon
 */
export type TaskHandler = (handOut: HandOut, signal: AbortSignal) => unknown

/** A hand-out as it comes over the wire. */
export interface Handed extends Driven {
  readonly path: string
  readonly repeats: number
  readonly records: readonly Uint8Array[]
  /** There are more, to be read. */
  readonly more: boolean
}

/** Reads what is missing. @throws when the task is lost or cannot be read */
export async function handOutOf(drive: Drive, handed: Handed): Promise<HandOut> {
  const { path, theme, attempt, repeats } = handed
  const records = [...handed.records]
  for (let { more } = handed; more;) {
    const page = await drive.read(records.length)
    records.push(...page.records)
    more = page.more
    if (more && page.records.length === 0) throw new Error('a page of records was empty')
  }
  return { records, task: new Task(drive), path, theme, attempt, repeats }
}

/** Lets the handler do its work and ends the task as it went. Never rejects. */
export async function work(way: Way, handed: Handed, handler: TaskHandler): Promise<void> {
  const drive = new Drive(way, handed)
  let failure: string | null = null
  try {
    const handOut = await handOutOf(drive, handed)
    drive.signal.throwIfAborted()
    await handler(handOut, drive.signal)
  } catch (error) {
    failure = failureTextOf(error)
  }
  await finish(drive, failure)
}

async function finish(drive: Drive, failure: string | null): Promise<void> {
  await drive.settled
  // A handler that has tried in vain to store its task has not finished it.
  const refused = drive.failure === null ? failure : (failure ?? failureTextOf(drive.failure))
  if (refused !== null || drive.signal.aborted) {
    await drive.giveBack(refused ?? '')
    return
  }
  try {
    await drive.end({ kind: 'delete-task' }, undefined)
  } catch (error) {
    await drive.giveBack(failureTextOf(error))
  }
}
