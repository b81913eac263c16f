/**
 * Places at which a test can have this process die, as by kill -9: `TENURE_CRASH_AT=after-sync:17` ends it when it passes the
 * place for the 17th time. Without the variable a passing is an empty call.
 */

/**
 * - `after-append`: a group of commits is ready to be written to the journal
 * - `after-sync`: it is on disk, nobody has been told
 * - `mid-checkpoint`: a part of what the journal says has been moved to where it is kept
 * - `before-reply`: the tablet knows that a batch is durable, nothing of it has left
 * - `mid-restore`: one more entry of a node has been loaded
 */
const CRASH_POINTS = [
  'after-append',
  'after-sync',
  'mid-checkpoint',
  'before-reply',
  'mid-restore',
] as const

export type CrashPoint = (typeof CRASH_POINTS)[number]

/** Called wherever the process passes the place. */
export const crashPoint: (place: CrashPoint) => void = armed(process.env['TENURE_CRASH_AT'])

function armed(order: string | undefined): (place: CrashPoint) => void {
  if (order === undefined) return () => {}
  const [name, passing = '1'] = order.split(':')
  const place = CRASH_POINTS.find((known) => known === name)
  let passingsLeft = Number(passing)
  if (place === undefined || !(passingsLeft >= 1)) {
    throw new RangeError(
      `TENURE_CRASH_AT="${order}" is no crash point: write one of ${CRASH_POINTS.join(', ')}, then :N for the Nth passing`,
    )
  }
  return (passed) => {
    if (passed !== place) return
    passingsLeft -= 1
    if (passingsLeft === 0) process.kill(process.pid, 'SIGKILL')
  }
}
