/**
 * The latest changes of records, so that a watch that comes back hears what it has missed. Bounded: the oldest commits go first.
 *
 * A watch of a quiet range may be far behind. So that it does not look at every commit since, blocks of commits have an index of
 * their keys, which is made when it is first wanted: whoever watches and keeps up costs none.
 */
import { compareBytes } from '../bytes.ts'
import { KeyIndex } from './key-index.ts'
import type { Limits } from '../limits.ts'
import type { KeyRange } from './command.ts'
import type { RecordChange } from './event.ts'

interface Commit {
  readonly version: bigint
  readonly changes: readonly RecordChange[]
  readonly bytes: number
}

/** What answers a watch. */
export interface Found {
  readonly changes: readonly RecordChange[]
  /** Nothing of the range is missing up to here. */
  readonly version: bigint
  /** What follows on the version asked for cannot be told change by change. */
  readonly reset: boolean
}

/** Commits of one block. */
const BLOCK_COMMITS = 1024

export class RecordHistory {
  readonly #limits: Limits
  /** Ascending by version. Those before `#first` are gone. */
  #commits: Commit[] = []
  #first = 0
  /** How many commits came before the first of the list. */
  #removed = 0
  /** By number of the block; of those that have one. */
  readonly #indexes = new Map<number, KeyIndex>()
  #changes = 0
  #bytes = 0
  /** Every change after this commit is here. */
  #begin = 0n

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Forgets all: the history begins after this commit. */
  start(version: bigint): void {
    this.#commits = []
    this.#first = 0
    this.#removed = 0
    this.#indexes.clear()
    this.#changes = 0
    this.#bytes = 0
    this.#begin = version
  }

  add(version: bigint, changes: readonly RecordChange[]): void {
    let bytes = 0
    for (const change of changes) bytes += changeBytes(change)
    this.#commits.push({ version, changes, bytes })
    this.#changes += changes.length
    this.#bytes += bytes
    const { historyChangesMax, historyBytesMax } = this.#limits
    while (this.#changes > historyChangesMax || this.#bytes > historyBytesMax) this.#dropOldest()
  }

  /**
   * The changes of the range after this version, whole commits, as many as one answer takes; null when there are none.
   *
   * @param present the node's commit number
   */
  read(range: KeyRange, from: bigint, present: bigint): Found | null {
    if (from < this.#begin) return { changes: [], version: present, reset: true }
    const page = new ChangesPage(this.#limits)
    let version = present
    for (const commit of this.#commitsFor(range, from)) {
      if (page.take(changesIn(range, commit.changes))) continue
      if (page.changes.length === 0) return { changes: [], version: present, reset: true }
      version = commit.version - 1n
      break
    }
    return page.changes.length === 0 ? null : { changes: page.changes, version, reset: false }
  }

  /** The commits after this version, in their order, without most of those that change nothing in the range. */
  *#commitsFor(range: KeyRange, from: bigint): Generator<Commit> {
    const first = this.#placeAfter(from)
    for (let at = first; at < this.#commits.length;) {
      const block = Math.floor((at + this.#removed) / BLOCK_COMMITS)
      const start = block * BLOCK_COMMITS - this.#removed
      const end = start + BLOCK_COMMITS
      if (end <= this.#commits.length)
        yield* this.#commitsAt(this.#placesIn(range, block), start, first)
      else yield* this.#commits.slice(at)
      at = end
    }
  }

  *#commitsAt(places: readonly number[], start: number, first: number): Generator<Commit> {
    for (const place of places) {
      const commit = start + place < first ? undefined : this.#commits[start + place]
      if (commit !== undefined) yield commit
    }
  }

  #placesIn(range: KeyRange, block: number): readonly number[] {
    let index = this.#indexes.get(block)
    if (index === undefined) {
      const start = block * BLOCK_COMMITS - this.#removed
      const commits = Array.from(
        { length: BLOCK_COMMITS },
        (_, place) => this.#commits[start + place],
      )
      index = new KeyIndex(commits.map((commit) => commit?.changes.map(keyOf) ?? []))
      this.#indexes.set(block, index)
    }
    return index.placesIn(range)
  }

  #placeAfter(version: bigint): number {
    let low = this.#first
    let high = this.#commits.length
    while (low < high) {
      const middle = (low + high) >> 1
      const commit = this.#commits[middle]
      if (commit !== undefined && commit.version <= version) low = middle + 1
      else high = middle
    }
    return low
  }

  #dropOldest(): void {
    const commit = this.#commits[this.#first]
    if (commit === undefined) return
    this.#begin = commit.version
    this.#changes -= commit.changes.length
    this.#bytes -= commit.bytes
    this.#first += 1
    const gone = this.#removed + this.#first
    if (gone % BLOCK_COMMITS === 0) this.#indexes.delete(gone / BLOCK_COMMITS - 1)
    // Each commit is moved once for every commit that is gone, at most.
    if (this.#first * 2 >= this.#commits.length) {
      this.#commits = this.#commits.slice(this.#first)
      this.#removed += this.#first
      this.#first = 0
    }
  }
}

/** Gathers one answer: whole commits, within the bounds of a page. */
export class ChangesPage {
  readonly changes: RecordChange[] = []
  readonly #limits: Limits
  #bytes = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Takes all these changes, which are of one commit; or none of them and returns false, when they do not fit in. */
  take(changes: readonly RecordChange[]): boolean {
    if (changes.length === 0) return true
    const { rangeRecordsMax, rangeBytesMax } = this.#limits
    if (this.changes.length + changes.length > rangeRecordsMax) return false
    let bytes = this.#bytes
    for (const change of changes) {
      if (bytes >= rangeBytesMax) return false
      bytes += changeBytes(change)
    }
    this.#bytes = bytes
    for (const change of changes) this.changes.push(change)
    return true
  }
}

export function keyOf(change: RecordChange): Uint8Array {
  return change.kind === 'put' ? change.record.key : change.key
}

function changeBytes(change: RecordChange): number {
  const valueBytes = change.kind === 'put' ? change.record.value.length : 0
  return keyOf(change).length + valueBytes
}

const NO_CHANGES: readonly RecordChange[] = []

/** Most commits change nothing in a range: that is answered without a new list. */
function changesIn(range: KeyRange, changes: readonly RecordChange[]): readonly RecordChange[] {
  let found: RecordChange[] | null = null
  for (const change of changes) {
    if (isIn(range, keyOf(change))) (found ??= []).push(change)
  }
  return found ?? NO_CHANGES
}

function isIn({ start, end }: KeyRange, key: Uint8Array): boolean {
  return compareBytes(start, key) <= 0 && (end === null || compareBytes(key, end) < 0)
}
