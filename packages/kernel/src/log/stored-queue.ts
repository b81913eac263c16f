/**
 * The stored tasks of one theme, in the order of their hand-outs: by due second, then by the order in which they were stored.
 *
 * Memory holds those up to a horizon; the engine, whose keys have the same order, holds them all. When few are left in memory the next
 * page is read. What is stored or taken away beyond the horizon while a page is under way is noted, because the page may show the time
 * before.
 */
import { invariant } from '../invariant.ts'
import type { Found, Reading } from '../reading.ts'
import { STORED_TASK_TAG } from '../rows/keys.ts'
import type { KeyBounds } from '../rows/keys.ts'
import { readStoredTaskKey, storedTaskKey, taskKeys } from '../rows/task-keys.ts'
import { decodeKeptTask } from '../rows/task-rows.ts'
import type { Entry } from '../write-set.ts'
import type { KeptTask } from './task.ts'

export interface StoredQueueLimits {
  readonly storedInMemoryMax: number
  readonly storedPageMax: number
}

/** What decides the order; the number alone is unique. */
interface Place {
  readonly dueSecond: number
  readonly number: number
}

/** Of what the memory takes, this part stays when there is too much. */
const KEPT_PART = 0.5
/** Of a page, so little is left in memory when the next one is read. */
const LOW_PART = 0.25
/** Rows are small; only their number bounds a page. */
const PAGE_BYTES_MAX = 16_777_216

const EVERYTHING: Place = { dueSecond: Infinity, number: Infinity }
const NOTHING: Place = { dueSecond: -1, number: -1 }

export class PageReading implements Reading {
  readonly queue: StoredQueue
  readonly range: KeyBounds
  readonly entriesMax: number
  readonly bytesMax: number = PAGE_BYTES_MAX

  constructor(queue: StoredQueue, range: KeyBounds, entriesMax: number) {
    this.queue = queue
    this.range = range
    this.entriesMax = entriesMax
  }
}

export class StoredQueue {
  readonly #theme: number
  readonly #limits: StoredQueueLimits
  /** Ascending from `#head` on; what stands before has been taken. */
  #tasks: KeptTask[] = []
  #head = 0
  /** Every stored task before it is in memory, and none from it on. */
  #horizon: Place = EVERYTHING
  /** While a page is under way: by number, what was stored (a task) or taken away (null) beyond the horizon. */
  #changes: Map<number, KeptTask | null> | null = null

  constructor(theme: number, limits: StoredQueueLimits) {
    this.#theme = theme
    this.#limits = limits
  }

  /** Nothing has been read of what is stored. */
  forgetAll(): void {
    this.#tasks = []
    this.#head = 0
    this.#horizon = NOTHING
    this.#changes = null
  }

  /** The next one; undefined when there is none in memory. */
  get first(): KeptTask | undefined {
    return this.#tasks[this.#head]
  }

  get inMemory(): number {
    return this.#tasks.length - this.#head
  }

  add(task: KeptTask): void {
    if (!isBefore(task, this.#horizon)) {
      this.#changes?.set(task.number, task)
      return
    }
    this.#insert(task)
    if (this.inMemory > this.#limits.storedInMemoryMax && this.#changes === null) this.#shorten()
  }

  remove(place: Place): void {
    if (!isBefore(place, this.#horizon)) {
      this.#changes?.set(place.number, null)
      return
    }
    const at = this.#indexOf(place)
    invariant(this.#tasks[at]?.number === place.number, 'I-17', place.number)
    if (at === this.#head) this.#advance()
    else this.#tasks.splice(at, 1)
  }

  /** What has to be read; null when there is enough in memory, or nothing else, or a page is under way. */
  nextPage(): PageReading | null {
    const { storedPageMax } = this.#limits
    if (this.#horizon === EVERYTHING || this.#changes !== null) return null
    if (this.inMemory > storedPageMax * LOW_PART) return null
    this.#changes = new Map()
    const all = taskKeys(STORED_TASK_TAG, this.#theme)
    const start =
      this.#horizon === NOTHING
        ? all.start
        : storedTaskKey({ theme: this.#theme, ...this.#horizon })
    return new PageReading(this, { start, end: all.end }, storedPageMax)
  }

  /** Takes the page in. One that was asked for before all was forgotten is not there any more. */
  supply({ entries, isWhole }: Found): void {
    const changes = this.#changes
    if (changes === null) return
    this.#changes = null
    const found = entries.map(storedTaskOf)
    const last = found.at(-1)
    // A page without entries is the whole rest.
    if (isWhole || last === undefined) this.#horizon = EVERYTHING
    else this.#horizon = { dueSecond: last.dueSecond, number: last.number + 1 }
    for (const task of found) if (!changes.has(task.number)) this.#insert(task)
    for (const task of changes.values()) if (task !== null) this.add(task)
  }

  #insert(task: KeptTask): void {
    const at = this.#indexOf(task)
    if (at === this.#tasks.length) this.#tasks.push(task)
    else this.#tasks.splice(at, 0, task)
  }

  /** Where the place is, or would be. */
  #indexOf(place: Place): number {
    let low = this.#head
    let high = this.#tasks.length
    // Most are stored behind all others.
    const last = this.#tasks[high - 1]
    if (high === low || (last !== undefined && isBefore(last, place))) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      const task = this.#tasks[middle]
      if (task !== undefined && isBefore(task, place)) low = middle + 1
      else high = middle
    }
    return low
  }

  #advance(): void {
    this.#head += 1
    if (this.#head < 1024 && this.#head < this.#tasks.length) return
    this.#tasks.splice(0, this.#head)
    this.#head = 0
  }

  #shorten(): void {
    const kept = this.#head + Math.ceil(this.#limits.storedInMemoryMax * KEPT_PART)
    const first = this.#tasks[kept]
    if (first === undefined) return
    this.#horizon = { dueSecond: first.dueSecond, number: first.number }
    this.#tasks.length = kept
  }
}

export function storedTaskOf([key, value]: Entry): KeptTask {
  return { state: 'stored', ...readStoredTaskKey(key), ...decodeKeptTask(value) }
}

function isBefore(left: Place, right: Place): boolean {
  if (left.dueSecond !== right.dueSecond) return left.dueSecond < right.dueSecond
  return left.number < right.number
}
