/**
 * Stored tasks are in the engine, whose order is theirs; memory holds a window of those that are due first.
 *
 * guards: J4, J6
 */
import { expect, test } from 'vitest'
import type { Found } from '@tenure/kernel'
import { StoredQueue } from '../../src/log/stored-queue.ts'
import type { PageReading, StoredQueueLimits } from '../../src/log/stored-queue.ts'
import type { KeptTask } from '../../src/log/task.ts'
import { storedTaskKey } from '../../src/rows/task-keys.ts'
import { encodeKeptTask } from '../../src/rows/task-rows.ts'
import { between, drawOf, freshSeed } from '../../../../test/seed.ts'
import type { Draw } from '../../../../test/seed.ts'
import { IN_ORDER, comingBack } from './coming-back.ts'
import { SortedStore } from './sorted-store.ts'

function kept(number: number, dueSecond: number): KeptTask {
  const counts = { firstRecord: 0, nextRecord: 0, recordBytes: 0 }
  const fields = { index: number, term: 1, attempt: 0, repeats: 0, failure: '', ...counts }
  return { state: 'stored', theme: 7, dueSecond, number, ...fields }
}

/** A queue with an engine behind it; a page is read when it is asked for, and arrives when the test wants. */
class Engine {
  readonly queue: StoredQueue
  readonly store = new SortedStore()
  /** All there are. */
  readonly tasks = new Map<number, KeptTask>()
  #page: PageReading | null = null
  #number = 0

  constructor(limits: StoredQueueLimits) {
    this.queue = new StoredQueue(7, limits)
  }

  add(dueSecond: number): void {
    const task = kept(++this.#number, dueSecond)
    this.tasks.set(task.number, task)
    this.store.apply([{ kind: 'put', key: storedTaskKey(task), value: encodeKeptTask(task) }])
    this.queue.add(task)
  }

  remove(task: KeptTask): void {
    this.tasks.delete(task.number)
    this.store.apply([{ kind: 'delete', key: storedTaskKey(task) }])
    this.queue.remove(task)
  }

  ask(): void {
    this.#page ??= this.queue.nextPage()
  }

  supply(found = this.#found()): void {
    if (this.#page === null || found === null) return
    this.#page = null
    this.queue.supply(found)
  }

  forget(): void {
    this.#page = null
    this.queue.forgetAll()
  }

  /** Some come, one goes, and a page that is under way may arrive as it was before that, or as it is behind it. */
  live(draw: Draw, mostNew: number): void {
    const due = (): number => Math.floor(between(draw, 1_000, 1_050))
    const soon = (): number =>
      Math.min(...[...this.tasks.values()].map((task) => task.dueSecond)) - 1
    for (let count = between(draw, 0, mostNew); count > 1; count--) this.add(due())
    this.ask()
    const early = this.#found()
    for (let count = between(draw, -8, 8); count > 0; count--) {
      this.add(draw() < 0.5 && this.tasks.size > 0 ? soon() : due())
    }
    const all = [...this.tasks.values()]
    const some = all[Math.floor(draw() * all.length)]
    if (some !== undefined && draw() < 0.5) this.remove(some)
    if (draw() < 0.5) this.supply(draw() < 0.5 ? early : this.#found())
  }

  #found(): Found | null {
    return this.#page && this.store.read(this.#page)
  }

  /** The first of all. */
  get first(): KeptTask | undefined {
    return [...this.tasks.values()].reduce<KeptTask | undefined>(
      (first, task) => (first !== undefined && isBefore(first, task) ? first : task),
      undefined,
    )
  }
}

function isBefore(left: KeptTask, right: KeptTask): boolean {
  return left.dueSecond === right.dueSecond
    ? left.number < right.number
    : left.dueSecond < right.dueSecond
}

// holds: S2-28, S2-29, S2-30
test('the first task is the first of all, whatever comes and goes before, in and behind a page that is under way', () => {
  const seed = freshSeed()
  const draw = drawOf(seed)
  const engine = new Engine({ storedInMemoryMax: 6, storedPageMax: 8 })
  for (let round = 0; round < 400; round++) {
    engine.live(draw, round % 100 < 50 ? 5 : 2)
    const { first } = engine.queue
    expect(first, `seed ${seed}`).toEqual(first && engine.first)
    if (first !== undefined && draw() < 0.8) engine.remove(first)
    expect(engine.queue.inMemory, `seed ${seed}`).toBeLessThan(64)
    if (round % 100 === 99) engine.forget()
  }
  for (let left = engine.tasks.size; left > 0; left--) {
    engine.ask()
    engine.supply()
    const { first } = engine.queue
    expect(first, `seed ${seed}`).toEqual(engine.first)
    if (first !== undefined) engine.remove(first)
  }
  engine.ask()
  engine.supply()
  expect(engine.queue).toMatchObject({ first: undefined, inMemory: 0 })
})

// holds: S2-29
test('memory is not cut where a page that is under way begins', () => {
  const engine = new Engine({ storedInMemoryMax: 2, storedPageMax: 8 })
  for (const second of [10, 11, 12]) engine.add(second)
  engine.ask()
  for (const second of [1, 2, 3]) engine.add(second)
  engine.supply()
  const seconds: number[] = []
  for (let { first } = engine.queue; first !== undefined; first = engine.queue.first) {
    seconds.push(first.dueSecond)
    engine.remove(first)
    engine.ask()
    engine.supply()
  }
  expect(seconds).toEqual([1, 2, 3, 10, 11, 12])
})

// holds: S2-28, S2-30
test('of very many tasks few are in memory, and nothing is read as long as these suffice', () => {
  const engine = new Engine({ storedInMemoryMax: 64, storedPageMax: 16 })
  let most = 0
  for (let task = 0; task < 5_000; task++) {
    engine.add((task * 7_919) % 1_000)
    most = Math.max(most, engine.queue.inMemory)
  }
  let reads = 0
  for (let second = -1, left = 5_000; left > 0; left--) {
    const page = engine.queue.nextPage()
    if (page !== null) {
      reads += 1
      engine.queue.supply(engine.store.read(page))
    }
    most = Math.max(most, engine.queue.inMemory)
    const { first } = engine.queue
    if (first === undefined) throw new Error('the queue has lost tasks')
    if (first.dueSecond < second) throw new Error('the queue is out of order')
    second = first.dueSecond
    engine.remove(first)
  }
  expect(most).toBeLessThanOrEqual(64)
  expect(reads).toBeLessThan(5_000 / 12)
})

// holds: S2-28, S2-30, S2-31
test('stored tasks come back in their order through a small memory and a restart', () => {
  expect(comingBack(3_000, { storedInMemoryMax: 64, storedPageMax: 16 })).toEqual(IN_ORDER)
})
