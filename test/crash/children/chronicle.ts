/** What a process of the siege tells of its tasks: one line an event, with the moment on the clock that all processes of a machine share. */
import { writeSync } from 'node:fs'

const STDOUT = 1

/**
 * A small letter is said before a call, the capital one when it was answered.
 *
 * Waits until it is in the pipe: what was said is heard, whatever happens to this process next. `process.stdout` would keep it here while the
 * reader is slow.
 */
export function tell(event: string, ...words: readonly (string | number)[]): void {
  const line = Buffer.from(`${[event, process.hrtime.bigint(), ...words].join(' ')}\n`)
  for (let at = 0; at < line.length;) at += written(line.subarray(at))
}

function written(bytes: Buffer): number {
  try {
    return writeSync(STDOUT, bytes)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0
    throw error
  }
}
