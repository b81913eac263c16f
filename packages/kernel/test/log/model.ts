/**
 * The session log as plain lists, and what follows from each question: slow, and plain to see.
 *
 * What the kernel decides by itself — which second, which number, when it hands out — is read off its steps, and checked: whether it
 * was allowed to, and whether it should have done something else.
 */
import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import type { TaskHandedOut, TaskId, TaskView, ThemeConfig, Write } from '@tenure/kernel'
import { SECOND_MS } from './log-node.ts'

export interface Task {
  readonly id: TaskId
  readonly theme: number
  /** 'lost': nobody drives it any more, and it has to be stored; 'storing': the step at hand has to do it. */
  state: 'active' | 'lost' | 'storing' | 'stored' | 'dead'
  records: readonly string[]
  attempt: number
  repeats: number
  operator: bigint | null
  handling: bigint | null
  delaySeconds: number
  dueSecond: number
  number: number
}

interface Handling {
  readonly session: bigint
  readonly theme: number
  readonly concurrency: number
}

const STORED_TAG = 0x54
const DEAD_TAG = 0x55

export class Model {
  tasks: Task[] = []
  /** Of each session that there is, in which attachment it is; 0 when it is detached. */
  sessions = new Map<bigint, number>()
  themes = new Map<number, ThemeConfig>()
  handlings = new Map<bigint, Handling>()
  /** The latest commit number that is known. */
  number = 0

  find({ term, index }: TaskId): Task | undefined {
    return this.tasks.find(({ id }) => id.index === index && id.term === term)
  }

  /** As it is when somebody else loads it: nobody is here. */
  restarted(): Model {
    const next = this.copy()
    for (const session of next.sessions.keys()) next.leave(session)
    for (const task of next.tasks) ok(task.state !== 'active')
    return next
  }

  copy(): Model {
    const copy = new Model()
    copy.tasks = this.tasks.map((task) => ({ ...task }))
    copy.sessions = new Map(this.sessions)
    copy.themes = new Map(this.themes)
    copy.handlings = new Map(this.handlings)
    copy.number = this.number
    return copy
  }

  leave(session: bigint): void {
    this.sessions.set(session, 0)
    for (const [id, handling] of this.handlings) {
      if (handling.session === session) this.handlings.delete(id)
    }
    for (const task of this.tasks.filter(({ operator }) => operator === session)) {
      Object.assign(task, { state: 'lost', operator: null, handling: null, delaySeconds: 0 })
    }
  }

  /** Why an operation of a task is refused; null when it is not. */
  refusal(session: bigint, id: TaskId, attempt: number): string | null {
    const task = this.find(id)
    if (task?.state !== 'active' && task?.state !== 'lost') return 'TASK_CLOSED'
    if (task.attempt !== attempt) return 'STALE_ATTEMPT'
    return task.operator === session ? null : 'TASK_CLOSED'
  }

  opened(id: TaskId, opener: { theme: number; session: bigint; record: string | null }): void {
    ok(Number(id.index) > this.number, 'an index comes twice')
    this.number = Number(id.index)
    this.tasks.push({
      id,
      theme: opener.theme,
      state: 'active',
      records: opener.record === null ? [] : [opener.record],
      attempt: 0,
      repeats: 0,
      operator: opener.session,
      handling: null,
      delaySeconds: 0,
      dueSecond: 0,
      number: 0,
    })
  }

  remove(task: Task): void {
    this.tasks = this.tasks.filter((one) => one !== task)
  }

  /** Tasks that have become stored or dead by a step, in the order in which they did. */
  kept(writes: readonly Write[], wallMs: number): void {
    for (const write of writes) {
      if (write.kind !== 'put') continue
      const [tag] = write.key
      if (tag === STORED_TAG || tag === DEAD_TAG) this.#keep(write.key, write.value, wallMs)
    }
    ok(
      this.tasks.every(({ state }) => state !== 'storing'),
      'a task was not stored',
    )
  }

  #keep(key: Uint8Array, value: Uint8Array, wallMs: number): void {
    const row = Buffer.from(key)
    const index = Buffer.from(value).readBigUInt64BE(1)
    const task = this.tasks.find(({ id }) => id.index === index)
    ok(task !== undefined, 'a task that is not there was stored')
    equal(row.readUInt32BE(1), task.theme)
    ok(task.state === 'storing' || task.state === 'lost', `a task that is ${task.state} was stored`)
    const config = this.themes.get(task.theme)
    ok(config !== undefined)
    const isRequeued = task.delaySeconds < 0
    const isDead = !isRequeued && task.repeats >= config.repeatsMax
    equal(row[0], isDead ? DEAD_TAG : STORED_TAG)
    task.number = Number(row.readBigUInt64BE(isDead ? 5 : 13))
    ok(task.number > this.number, 'a number comes twice')
    this.number = task.number
    task.dueSecond = isDead ? 0 : Number(row.readBigUInt64BE(5))
    const delay = isRequeued ? -1 - task.delaySeconds : task.delaySeconds || config.delaySeconds
    const jitter = isRequeued ? 0 : config.jitterSeconds
    const least =
      delay === 0 ? Math.floor(wallMs / SECOND_MS) : Math.ceil(wallMs / SECOND_MS) + delay
    const most = delay + jitter === 0 ? least : Math.ceil(wallMs / SECOND_MS) + delay + jitter
    ok(isDead || (task.dueSecond >= least && task.dueSecond <= most), 'the wrong second')
    Object.assign(task, { state: isDead ? 'dead' : 'stored', operator: null, handling: null })
  }

  /** A task has been handed out: to a handler, unless `taker` has asked for this one. */
  handedOut(event: TaskHandedOut, isTaken: boolean, wallMs: number): Task {
    const task = this.find(event.task)
    ok(task !== undefined, 'a task that is not there was handed out')
    ok(
      task.state === 'stored' || (isTaken && task.state === 'dead'),
      `${task.state}, and handed out`,
    )
    ok((this.sessions.get(event.session) ?? 0) > 0, 'handed to somebody who is not here')
    if (!isTaken) {
      const handling = this.handlings.get(event.requestId)
      ok(handling !== undefined, 'handed to nobody')
      deepStrictEqual([handling.session, handling.theme], [event.session, task.theme])
      ok(this.#hasRoom(event.requestId, handling), 'handed out without a free place')
      ok(task.dueSecond * SECOND_MS <= wallMs, 'handed out before it is due')
      equal(task, this.#first(task.theme), 'handed out before another')
    }
    task.attempt += 1
    task.repeats += 1
    deepStrictEqual(
      [event.attempt, event.repeats, event.theme],
      [task.attempt, task.repeats, task.theme],
    )
    this.number += 1
    const handling = isTaken ? null : event.requestId
    Object.assign(task, { state: 'active', operator: event.session, handling })
    return task
  }

  /** Nothing is left undone, and what is due later will not be missed. @param waitMs until the node wants to be woken */
  checkRest(wallMs: number, waitMs: number): void {
    ok(
      this.tasks.every(({ state }) => state !== 'lost'),
      'a task that nobody drives is not stored',
    )
    for (const [id, handling] of this.handlings) {
      const first = this.#first(handling.theme)
      if (first === undefined || !this.#hasRoom(id, handling)) continue
      const dueMs = first.dueSecond * SECOND_MS - wallMs
      ok(dueMs > 0, 'a task is due, a place is free, and nothing happens')
      ok(waitMs <= Math.min(dueMs, SECOND_MS), 'a task will be due, and nobody wakes the node')
    }
  }

  view(task: Task): Partial<TaskView> {
    const { id, theme, attempt, repeats, records, operator } = task
    const state = task.state === 'stored' || task.state === 'dead' ? task.state : 'active'
    return {
      task: id,
      theme,
      state,
      attempt,
      repeats,
      records: records.length,
      recordBytes: records.join('').length,
      dueSecond: state === 'stored' ? BigInt(task.dueSecond) : 0n,
      operator: operator ?? 0n,
    }
  }

  count(theme: number, is: (task: Task) => boolean): number {
    return this.tasks.filter((task) => task.theme === theme && is(task)).length
  }

  #hasRoom(id: bigint, { theme, concurrency }: Handling): boolean {
    const out = this.tasks.filter(({ handling }) => handling === id).length
    const all = this.count(theme, ({ handling }) => handling !== null)
    return out < concurrency && all < (this.themes.get(theme)?.concurrency ?? 0)
  }

  #first(theme: number): Task | undefined {
    const stored = this.tasks.filter((task) => task.theme === theme && task.state === 'stored')
    return stored.sort((one, two) => one.dueSecond - two.dueSecond || one.number - two.number)[0]
  }
}
