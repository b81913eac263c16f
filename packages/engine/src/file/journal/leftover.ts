/**
 * What a journal says that was not closed.
 *
 * The groups that were on disk lie one after the other in each file, and the numbers go on from one file to the other. What comes after the last can only be older, or
 * a part of the one group that was being written, of which nobody was told. Everything else means that something was lost.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { damaged } from '../failure.ts'
import type { JournalMark } from '../layout.ts'
import { syncFile } from '../marker.ts'
import { JOURNAL_FILES, UNFINISHED } from './names.ts'
import { Sectors } from './sectors.ts'
import type { Sector } from './sectors.ts'

/** Whole groups of one file, and what lies behind them. */
interface Run extends Leftover {
  /** The number of its first sector. */
  readonly first: number
  /** The greatest number of a sector after them. */
  readonly beyond: number
}

export function hasJournal(place: string): boolean {
  return JOURNAL_FILES.some((name) => existsSync(join(place, name)))
}

/** Called when LMDB needs nothing of it. */
export function removeJournal(place: string): void {
  const names = new Set<string>(JOURNAL_FILES.flatMap((name) => [name, `${name}${UNFINISHED}`]))
  const here = readdirSync(place).filter((name) => names.has(name))
  for (const name of here) rmSync(join(place, name), { force: true })
  if (here.length > 0) syncFile(place)
}

/** What one file of a journal says. */
export interface Leftover {
  readonly file: number
  /** How many sectors it has. */
  readonly size: number
  /** How many of them belong to the groups. */
  readonly used: number
  /** The groups that LMDB does not have, in their order. */
  readonly groups: readonly Buffer[]
}

/**
 * What the files say, in the order in which they were written to: the last one was written to last.
 *
 * @throws DamagedError when a group was lost
 */
export function readJournal(place: string, { generation, applied }: JournalMark): Leftover[] {
  const sectors = new Sectors(generation)
  const runs = JOURNAL_FILES.map((name, file) => {
    const content = sectors.read(file, contentOf(place, name))
    if (content === null) throw damaged(place, `${name} fails a checksum`)
    return runOf(file, content, applied)
  }).toSorted((one, other) => one.first - other.first)
  let last = applied
  for (const { first, groups } of runs.filter((run) => run.groups.length > 0)) {
    if (first !== last + 1) throw damaged(place, 'a part of its journal is missing')
    last += groups.length
  }
  // Of the group after the last one nobody was told.
  if (runs.some(({ beyond }) => beyond > last + 1)) {
    throw damaged(place, 'a part of its journal is missing')
  }
  return runs
}

function contentOf(place: string, name: string): Buffer {
  const path = join(place, name)
  if (!existsSync(path)) throw damaged(place, `${name} is gone`)
  return readFileSync(path)
}

function runOf(file: number, sectors: readonly Sector[], applied: number): Run {
  const first = sectors[0]?.sequence ?? 0
  const groups: Buffer[] = []
  let begin = 0
  if (first > applied) {
    for (;;) {
      const end = endOfGroup(sectors, begin, first + groups.length)
      if (end === null) break
      groups.push(Buffer.concat(sectors.slice(begin, end).map(({ part }) => part)))
      begin = end
    }
  }
  let beyond = 0
  for (const { sequence } of sectors.slice(begin)) beyond = Math.max(beyond, sequence)
  return { file, size: sectors.length, used: begin, groups, first, beyond }
}

/** The sector after a group that begins at `begin`; null when it is not whole. */
function endOfGroup(sectors: readonly Sector[], begin: number, sequence: number): number | null {
  for (let at = begin; sectors[at]?.sequence === sequence; at += 1) {
    if (sectors[at]?.isLast === true) return at + 1
  }
  return null
}
