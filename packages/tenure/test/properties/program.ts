/** One program: a session, what it asked for, and what it was told. */
import { deepStrictEqual, ok } from 'node:assert/strict'
import {
  AbortedError,
  AcquireTimeoutError,
  InvalidArgumentError,
  type Lease,
  NotFoundError,
  type SemaphoreDescription,
  type Session,
  SessionClosedError,
  SessionExpiredError,
} from '@tenure/client'
import type { Model } from './model.ts'
import type { ModelSession, Outcome, Task } from './task.ts'

/** The reason of every abort by a program. */
export const ENOUGH: Error = new Error('enough')

/** An acquire as the program sees it. */
export class Asked {
  readonly controller: AbortController = new AbortController()
  readonly task: Task
  lease: Lease | null = null
  outcome: Outcome | null = null

  constructor(task: Task, ask: (signal: AbortSignal) => Promise<Lease | null>) {
    this.task = task
    void this.#wait(ask(this.controller.signal))
  }

  async #wait(answer: Promise<Lease | null>): Promise<void> {
    try {
      this.lease = await answer
      if (this.lease === null) this.outcome = 'null'
    } catch (error) {
      this.outcome = outcomeOf(error)
    }
  }

  verify(): void {
    const { task, lease } = this
    const isLost = task.state === 'over' && task.outcome !== 'null'
    const seen = {
      outcome: this.outcome,
      holds: lease !== null && !(isLost && lease.signal.aborted),
    }
    const told = lease === null ? task.outcome : null
    deepStrictEqual(seen, {
      outcome: task.state === 'over' ? told : null,
      holds: task.state === 'held' || task.state === 'stale',
    })
    if (task.state === 'held') deepStrictEqual(lease?.count, task.count)
    // Only a lease that somebody looks at learns of a forced delete.
    if (task.state === 'held' && task.isWatched)
      ok(lease?.signal.aborted === false, 'it is held, and its lease has ended')
  }
}

/** A watch that is always read: the last value is what it knows. */
export class Watching {
  readonly name: string
  readonly controller: AbortController = new AbortController()
  readonly #reading: Promise<void>
  last: SemaphoreDescription | null | undefined = undefined
  isOver = false

  constructor(session: Session, name: string) {
    this.name = name
    this.#reading = this.#read(
      session.semaphore(name).watch({ absent: 'wait' }, this.controller.signal),
    )
  }

  async #read(states: AsyncIterable<SemaphoreDescription | null>): Promise<void> {
    try {
      for await (const state of states) this.last = state
    } catch (error) {
      ok(['aborted', 'session over'].includes(outcomeOf(error)), String(error))
    }
    this.isOver = true
  }

  /** W3: what it knows is what is. */
  verify(model: Model): void {
    if (this.isOver) return
    const semaphore = model.semaphores.get(this.name)
    const owners = model.places(this.name).filter(({ owns }) => owns)
    const { last } = this
    ok(last !== undefined, `a watch of ${this.name} has shown nothing`)
    deepStrictEqual(
      last && { data: text(last.data), owners: last.owners.map(({ data }) => text(data)) },
      semaphore === undefined
        ? null
        : { data: semaphore.data, owners: owners.map(({ task }) => task.data) },
    )
  }

  async end(): Promise<void> {
    this.controller.abort(ENOUGH)
    await this.#reading
  }
}

export class Program {
  readonly session: Session
  readonly asked: Asked[] = []
  readonly watches: Watching[] = []

  constructor(session: Session) {
    this.session = session
  }

  find(task: Task): Asked {
    const asked = this.asked.find((each) => each.task === task)
    if (asked === undefined) throw new Error('nobody asked for that')
    return asked
  }

  verify(model: Model, session: ModelSession): void {
    for (const asked of this.asked) asked.verify()
    for (const watch of this.watches) {
      if (session.isOver) ok(watch.isOver, 'the session is over, and a watch of it is not')
      else watch.verify(model)
    }
  }

  /** Every promise has settled. */
  verifyEnd(): void {
    for (const { lease, outcome } of this.asked) {
      ok(lease?.signal.aborted ?? outcome !== null, 'what was asked is still open')
    }
    for (const { isOver } of this.watches) ok(isOver, 'a watch is still open')
  }
}

function outcomeOf(error: unknown): Outcome {
  if (error === ENOUGH) return 'aborted'
  if (error instanceof AcquireTimeoutError) return 'late'
  if (error instanceof AbortedError || error instanceof NotFoundError) return 'gone'
  if (error instanceof InvalidArgumentError) return 'too much'
  if (error instanceof SessionClosedError || error instanceof SessionExpiredError) {
    return 'session over'
  }
  throw error
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}
