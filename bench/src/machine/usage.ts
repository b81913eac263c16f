/**
 * Processor time and memory of a process and its children, as Linux tells it. Elsewhere nothing is known.
 */
import { readdirSync, readFileSync } from 'node:fs'

/** @returns milliseconds that the process and its living children have computed; null when it cannot be read */
export function processorMs(pid: number): number | null {
  // schedstat counts nanoseconds; the ticks of /proc/*/stat miss processes that run for less than a tick at a time.
  const times = family(pid)
    .flatMap(threads)
    .map((path) => {
      const nanoseconds = read(`${path}/schedstat`)?.split(' ')[0]
      return Number(nanoseconds ?? Number.NaN)
    })
  const known = times.filter((time) => !Number.isNaN(time))
  return known.length === 0 ? null : known.reduce((sum, time) => sum + time, 0) / 1e6
}

/** @returns bytes in memory of the process and its children, shared pages counted once; null when it cannot be read */
export function residentBytes(pid: number): number | null {
  const sizes = family(pid).map((member) => {
    const match = /^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${member}/smaps_rollup`) ?? '')
    return Number(match?.[1] ?? Number.NaN) * 1024
  })
  const known = sizes.filter((size) => !Number.isNaN(size))
  return known.length === 0 ? null : known.reduce((sum, size) => sum + size, 0)
}

/** A process with all below it: a server may be a tree of processes, as PostgreSQL is. */
function family(pid: number): number[] {
  const children = (read(`/proc/${pid}/task/${pid}/children`) ?? '').trim().split(' ')
  return [
    pid,
    ...children.filter((child) => child !== '').flatMap((child) => family(Number(child))),
  ]
}

function threads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`)
  } catch {
    return []
  }
}

/** @returns null when the process is gone or this is not Linux */
function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
