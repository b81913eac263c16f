/** A pause that an abort ends early, by throwing the reason. */
import type { Clock } from '../clock.ts'

export async function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  let abort: (() => void) | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = clock.after(delayMs, resolve, true)
      abort = () => {
        timer.cancel()
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', abort, { once: true })
    })
  } finally {
    if (abort !== undefined) signal?.removeEventListener('abort', abort)
  }
}
