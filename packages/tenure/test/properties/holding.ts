/** Deeds: taking units of a semaphore, and what can be done with them. */
import { ok } from 'node:assert/strict'
import { Deed, outcomeOf, type Doer } from './deed.ts'
import { EPHEMERAL, type Model } from './model.ts'
import type { ModelSession, Task } from './task.ts'
import { Asked, ENOUGH } from './program.ts'
import { GRAIN_MS } from './grain.ts'
import type { Fault } from './stage.ts'

/** How long an acquire may take. */
export type Wish = 'once' | 'for a while' | 'for ever'

interface AcquireTerms {
  readonly who: number
  readonly fault: Fault
  readonly name: string
  readonly count: bigint
  readonly asks: Wish
}

export class Acquire extends Deed {
  readonly #terms: AcquireTerms

  constructor(terms: AcquireTerms) {
    super(terms)
    this.#terms = terms
  }

  override check(model: Readonly<Model>): boolean {
    return super.check(model) && (this.fault === 'none' || this.#terms.asks !== 'for a while')
  }

  async deed(model: Model, { session, program }: Doer): Promise<void> {
    const { name, count, asks } = this.#terms
    const timeout = 400 + (model.tasks.length % GRAIN_MS)
    const deadlineMs = asks === 'for a while' ? model.nowMs + timeout : Infinity
    const task = model.acquire({ session, name, count, asksOnce: asks === 'once', deadlineMs })
    const semaphore = program.session.semaphore(name)
    const options = { count, ephemeral: name === EPHEMERAL }
    const asked = new Asked(task, (signal) => {
      if (asks === 'once') return semaphore.tryAcquire(options, signal)
      return semaphore.acquire(asks === 'for ever' ? options : { ...options, timeout }, signal)
    })
    program.asked.push(asked)
    return Promise.resolve()
  }
}

/** Something done to one of the session's acquires, if there is one in a state for it. */
abstract class OnTask extends Deed {
  readonly #which: number

  constructor(terms: { readonly fault: Fault; readonly which: number }) {
    super({ who: 0, ...terms })
    this.#which = terms.which
  }

  abstract readonly states: readonly Task['state'][]

  /** Whose acquire it is. */
  override alive(model: Readonly<Model>): ModelSession | undefined {
    return this.#task(model)?.session
  }

  async deed(model: Model, { program }: Doer): Promise<void> {
    const task = this.#task(model)
    ok(task !== undefined)
    await this.onTask(model, task, program.find(task))
  }

  abstract onTask(model: Model, task: Task, asked: Asked): Promise<void>

  #task(model: Readonly<Model>): Task | undefined {
    const found = model.tasks.filter(({ state }) => this.states.includes(state))
    return found[this.#which % Math.max(1, found.length)]
  }
}

export class Abort extends OnTask {
  readonly states = ['in line', 'waiting'] as const

  onTask(model: Model, task: Task, { controller }: Asked): Promise<void> {
    model.abort(task)
    controller.abort(ENOUGH)
    return Promise.resolve()
  }
}

export class Release extends OnTask {
  readonly states = ['held', 'stale'] as const

  onTask(model: Model, task: Task, { lease }: Asked): Promise<void> {
    model.release(task)
    return lease?.release() ?? Promise.reject(new Error('no lease'))
  }
}

/** Looks at the signal of a lease, which from then on learns of a forced delete. */
export class Look extends OnTask {
  readonly states = ['held', 'stale'] as const

  onTask(model: Model, task: Task, { lease }: Asked): Promise<void> {
    model.watch(task)
    void lease?.signal
    return Promise.resolve()
  }
}

export class Change extends OnTask {
  readonly #terms: ChangeTerms
  readonly states = ['held', 'stale'] as const

  constructor(terms: ChangeTerms) {
    super(terms)
    this.#terms = terms
  }

  async onTask(model: Model, task: Task, { lease }: Asked): Promise<void> {
    const { data } = this.#terms
    ok(lease !== null)
    const kept = data === null ? (task.count + 1n) / 2n : task.count
    const isThere = model.change(task, kept, data ?? task.data)
    const { error } = await outcomeOf(
      data === null ? lease.downgrade(kept) : lease.update(Buffer.from(data)),
    )
    ok(isThere === (error === null), String(error))
  }
}

interface ChangeTerms {
  readonly fault: Fault
  readonly which: number
  /** null: gives half of it back. */
  readonly data: string | null
}
