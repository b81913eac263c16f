/**
 * Memory of a process. What counts is the anonymous part: pages of a file that is mapped go whenever others need the room.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

export interface Memory {
  readonly anonymousBytes: number
  /** With the pages of mapped files. */
  readonly residentBytes: number
}

const PERIOD_MS = 100
const KIB = 1024

/** @throws when it cannot be read: Linux alone tells it */
export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const field = (name: string): number => {
    const value = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
    if (value === undefined) throw new Error(`/proc/${pid}/status has no ${name}`)
    return Number(value) * KIB
  }
  return { anonymousBytes: field('RssAnon'), residentBytes: field('VmRSS') }
}

/**
 * Looks now and then while `work` is done.
 *
 * @returns what the work gave, and the most that was seen of each
 */
export async function watchMemory<T>(
  pid: number,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly most: Memory }> {
  let most = memoryOf(pid)
  const look = (): void => {
    const { anonymousBytes, residentBytes } = memoryOf(pid)
    most = {
      anonymousBytes: Math.max(most.anonymousBytes, anonymousBytes),
      residentBytes: Math.max(most.residentBytes, residentBytes),
    }
  }
  const over = new AbortController()
  const watching = repeat(look, over.signal)
  try {
    const result = await Promise.race([work(), watching.then(() => never())])
    look()
    return { result, most }
  } finally {
    over.abort()
    await watching.catch(() => {})
  }
}

/** @throws what `look` throws */
async function repeat(look: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    look()
    await delay(PERIOD_MS, undefined, { signal }).catch(() => {})
  }
}

function never(): never {
  throw new Error('the watch on a memory has ended before the work')
}
