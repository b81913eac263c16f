/** Listening to a caller's signal: one listener for each call, taken off again when the call has ended. */

/** What takes off a listener that was never put on. */
export const nothing = (): void => {}

/**
 * Calls `act` with the reason when `signal` aborts. The signal must not be aborted yet.
 *
 * @returns takes the listener off
 */
export function onAbort(
  signal: AbortSignal | undefined,
  act: (reason: unknown) => void,
): () => void {
  if (signal === undefined) return nothing
  const listener = (): void => act(signal.reason)
  signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}

/** Passes `promise` on, unless `signal` aborts first: then rejects with its reason, and what `promise` does goes unheard. */
export function untilAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise<T>((resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    const deafen = onAbort(signal, reject)
    void promise.then(resolve, reject).finally(deafen)
  })
}
