/** Time for engines that are reached over a network. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds, with fractions, that never go back and ignore the wall clock. */
export function monotonicMs(): number {
  return performance.now()
}

/**
 * Resolves when so much time has passed, or at once when `signal` aborts.
 *
 * @param options.hold whether the process stays alive for it
 */
export async function delay(
  delayMs: number,
  signal: AbortSignal,
  options: { readonly hold: boolean },
): Promise<void> {
  try {
    await sleep(delayMs, undefined, { signal, ref: options.hold })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
