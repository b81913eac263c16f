/** How much of a commit's bounds things take. */
import type { Entry, Write } from '@tenure/kernel'

/** Of keys and values. */
export function bytesOfWrite(write: Write): number {
  if (write.kind === 'delete-range') return write.start.length + write.end.length
  return write.key.length + (write.kind === 'put' ? write.value.length : 0)
}

/** Of key and value. */
export function bytesOfEntry([key, value]: Entry): number {
  return key.length + value.length
}
