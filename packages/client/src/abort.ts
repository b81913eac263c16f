/**
 * Listening to a caller's signal: any number of calls share one listener, which is taken off when the last of them has ended.
 *
 * A program gives one signal to all that it does. Node takes more than ten listeners on it for a leak and warns.
 */

type Act = (reason: unknown) => void

/** Who listens to a signal. */
const audiences = new WeakMap<AbortSignal, Set<{ readonly act: Act }>>()

/** What takes off a listener that was never put on. */
export const nothing = (): void => {}

/**
 * Calls `act` with the reason when `signal` aborts. The signal must not be aborted yet.
 *
 * @returns takes the listener off
 */
export function onAbort(signal: AbortSignal | undefined, act: Act): () => void {
  if (signal === undefined) return nothing
  const audience = audiences.get(signal) ?? gather(signal)
  const listener = { act }
  audience.add(listener)
  return () => {
    if (!audience.delete(listener) || audience.size > 0) return
    if (audiences.get(signal) === audience) disperse(signal)
  }
}

function gather(signal: AbortSignal): Set<{ readonly act: Act }> {
  const audience = new Set<{ readonly act: Act }>()
  audiences.set(signal, audience)
  signal.addEventListener('abort', tell, { once: true })
  return audience
}

function disperse(signal: AbortSignal): void {
  audiences.delete(signal)
  signal.removeEventListener('abort', tell)
}

/** One function for all signals, so that it can be taken off by anybody. */
function tell(this: AbortSignal): void {
  const audience = audiences.get(this) ?? []
  audiences.delete(this)
  // Whoever is taken off meanwhile is not told, and a set does not come to it.
  for (const { act } of audience) act(this.reason)
}

/** Passes `promise` on, unless `signal` aborts first: then rejects with its reason, and what `promise` does goes unheard. */
export function untilAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise<T>((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason)
      void promise.catch(nothing)
      return
    }
    const deafen = onAbort(signal, reject)
    void promise.then(resolve, reject).finally(deafen)
  })
}
