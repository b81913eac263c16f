/** Waiting that can be cut short. Never keeps a process alive by itself. */
import { setTimeout } from 'node:timers/promises'

/** Resolves after `ms`, or as soon as `signal` aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal, ref: false })
  } catch {
    // Cut short.
  }
}
