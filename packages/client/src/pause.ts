/** A pause that an abort ends early, by throwing the reason. */
import { nothing, onAbort } from './abort.ts'
import type { Clock } from './clock.ts'

/** @param hold whether the process stays alive for it */
export async function pause(
  clock: Clock,
  delayMs: number,
  signal?: AbortSignal,
  hold: boolean = true,
): Promise<void> {
  signal?.throwIfAborted()
  let deafen = nothing
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = clock.after(delayMs, resolve, hold)
      deafen = onAbort(signal, (reason) => {
        timer.cancel()
        reject(reason)
      })
    })
  } finally {
    deafen()
  }
}
