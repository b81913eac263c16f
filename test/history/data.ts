/**
 * The data of semaphores that one session at a time writes, each value once: what is read was written last, or is being written.
 *
 * A write without an answer may have happened or not; a read tells which, and what a read has told stays so.
 */
import type { Observation } from './history.ts'

/** A semaphore after one write. */
interface Version {
  /** null: absent. */
  readonly data: string | null
  readonly calledAt: number
  readonly returnedAt: number
}

interface Reading {
  readonly actor: string
  readonly object: string
  readonly data: string | null
  readonly calledAt: number
  readonly returnedAt: number
}

export function* judgeData(observations: readonly Observation[]): Iterable<string> {
  const versions = new Map<string, Version[]>()
  const readings = new Map<string, Reading[]>()
  for (const { actor, object, input, output, calledAt, returnedAt } of observations) {
    if (output?.kind === 'described') {
      const data = output.seen?.data ?? null
      listOf(readings, object).push({ actor, object, data, calledAt, returnedAt })
    } else if (output?.kind !== 'refused') {
      const when = { calledAt, returnedAt }
      if (input.kind === 'delete') listOf(versions, object).push({ data: null, ...when })
      if (input.kind === 'create' || input.kind === 'update') {
        listOf(versions, object).push({ data: input.data, ...when })
      }
    }
  }
  for (const [object, read] of readings) {
    // Without a write of ours the semaphore belongs to whoever holds it.
    const written = versions.get(object)
    if (written !== undefined) yield* judgeObject(written, read)
  }
}

function* judgeObject(written: Version[], read: readonly Reading[]): Iterable<string> {
  written.sort((one, other) => one.calledAt - other.calledAt)
  let told = -1
  let toldAt = -Infinity
  for (const reading of [...read].sort((one, other) => one.returnedAt - other.returnedAt)) {
    const { actor, object, data, calledAt, returnedAt } = reading
    const newest = written.findLastIndex((version) => version.calledAt < returnedAt)
    const acknowledged = written.findLastIndex((version) => version.returnedAt < calledAt)
    const oldest = toldAt < calledAt ? Math.max(acknowledged, told) : acknowledged
    const at = newestMatch(written, { data, oldest, newest })
    if (at === null) {
      const due = oldest < 0 ? null : written[oldest]?.data
      yield `${actor} read ${shown(data)} of "${object}" where at least ${shown(due ?? null)} had to be`
    } else if (data !== null && at > told) {
      told = at
      toldAt = returnedAt
    }
  }
}

/** @returns the version with this data between the two, -1 for what was before all, null for none */
function newestMatch(
  written: readonly Version[],
  { data, oldest, newest }: { data: string | null; oldest: number; newest: number },
): number | null {
  for (let at = newest; at >= Math.max(0, oldest); at -= 1) {
    if (written[at]?.data === data) return at
  }
  return oldest < 0 && data === null ? -1 : null
}

function shown(data: string | null): string {
  return data === null ? 'nothing' : `"${data}"`
}

function listOf<T>(lists: Map<string, T[]>, key: string): T[] {
  const known = lists.get(key)
  if (known !== undefined) return known
  const list: T[] = []
  lists.set(key, list)
  return list
}
