/**
 * Runs a command for exactly as long as something is held: a lock, leadership, a task.
 *
 * When the hold is lost the command is stopped, at the latest `graceMs` later. The hold's signal aborts that much before
 * the server can give it to somebody else, so two commands never run under the same lock.
 */
import type { ForwardedSignal, Interrupts } from '../command/interrupts.ts'
import type { ChildEnd, ChildOptions } from './child-group.ts'
import { ChildGroup } from './child-group.ts'

/** What the command runs under. A lease, a leadership and a fake in a test have this shape. */
export interface Hold {
  /** Aborts when it is lost. */
  readonly signal: AbortSignal
}

export type HeldEnd = ChildEnd | { readonly kind: 'lost'; readonly reason: unknown }

export interface HeldOptions extends ChildOptions {
  /** Whose signals the command gets; null: none. */
  readonly interrupts: Interrupts | null
  /** Ends the command as a request from outside, not as a loss. */
  readonly stop?: AbortSignal
}

/** Signals that are meant to end a program. After one of them the rest of its group is waited for. */
const ENDING: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])

/** @returns how it ended; all of the group has ended then, unless the command ended by its own will */
export async function runWhileHeld(
  command: readonly string[],
  hold: Hold,
  options: HeldOptions,
): Promise<HeldEnd> {
  if (hold.signal.aborted) return { kind: 'lost', reason: hold.signal.reason }
  const child = new ChildGroup(command, options)
  const told = new Set<ForwardedSignal>()
  const undivert = options.interrupts?.divert((signal) => {
    // Whoever presses Ctrl-C twice means it.
    child.send(signal === 'SIGINT' && told.has('SIGINT') ? 'SIGKILL' : signal)
    told.add(signal)
  })
  try {
    const cut = options.stop ? AbortSignal.any([hold.signal, options.stop]) : hold.signal
    const end = await Promise.race([child.ended, aborted(cut, child.ended)])
    if (end === 'aborted') {
      await child.stop()
      if (hold.signal.aborted) return { kind: 'lost', reason: hold.signal.reason }
      return await child.ended
    }
    if ([...told].some((signal) => ENDING.has(signal))) await child.settle()
    return end
  } finally {
    undivert?.()
    child.dismiss()
  }
}

/** Settles when `signal` aborts. Lets go of the signal when `until` settles first. */
function aborted(signal: AbortSignal, until: Promise<unknown>): Promise<'aborted'> {
  return new Promise((resolve) => {
    const abort = (): void => resolve('aborted')
    signal.addEventListener('abort', abort, { once: true })
    void until.then(() => signal.removeEventListener('abort', abort))
    if (signal.aborted) abort()
  })
}
