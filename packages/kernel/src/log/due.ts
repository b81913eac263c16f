/** When a stored task comes back: whole seconds of the wall clock. */
import type { Outside } from '../outside.ts'

const SECOND_MS = 1000

/** A delay is never cut short: it begins with the next whole second. Without any the task is due at once. */
export function dueSecondOf(
  outside: Outside,
  {
    delaySeconds,
    jitterSeconds,
  }: { readonly delaySeconds: number; readonly jitterSeconds: number },
): number {
  const seconds = delaySeconds + outside.draw(jitterSeconds)
  if (seconds === 0) return Math.floor(outside.wallMs / SECOND_MS)
  return Math.ceil(outside.wallMs / SECOND_MS) + seconds
}

export function isDue(dueSecond: number, outside: Outside): boolean {
  return dueSecond * SECOND_MS <= outside.wallMs
}

/** How long until then; at most a second, because the wall clock may be set. */
export function msUntil(dueSecond: number, outside: Outside): number {
  return Math.min(SECOND_MS, Math.max(0, dueSecond * SECOND_MS - outside.wallMs))
}
