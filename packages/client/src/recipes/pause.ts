/** A pause that an abort ends early, by throwing the reason. */
import { nothing, onAbort } from '../abort.ts'
import type { Clock } from '../clock.ts'

export async function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  let deafen = nothing
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = clock.after(delayMs, resolve, true)
      deafen = onAbort(signal, (reason) => {
        timer.cancel()
        reject(reason)
      })
    })
  } finally {
    deafen()
  }
}
