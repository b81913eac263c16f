/**
 * One hand-out, from the node to the handler and back.
 *
 * The task stays with this server until the node has taken its end: a delete or a store is asked for until it is committed, or
 * until the session is lost, and with it the task.
 */
import type { Event, TaskHandedOut, ThemeConfig } from '@tenure/kernel'
import type { Clock, Timer } from '../../clock.ts'
import { reasonOf } from '../../log.ts'
import type { Log } from '../../log.ts'
import type { Destination } from './destination.ts'
import type { EndpointAddress, HandOut, Verdict, Wish, WishOutcome } from './endpoint.ts'
import { failed } from './endpoint.ts'
import type { NodeSession, NodeWish } from './node-session.ts'
import { NodeLostError } from './node-session.ts'

const MS_PER_SECOND = 1000

export interface ErrandOptions {
  readonly path: string
  readonly session: NodeSession
  readonly clock: Clock
  readonly log: Log
  readonly handedOut: TaskHandedOut
  readonly config: ThemeConfig
  readonly address: EndpointAddress
  readonly destination: Destination
}

/** The handler has no say any more. */
class CalledOffError extends Error {
  override name = 'CalledOffError'
}

export class ErrandRun {
  readonly #options: ErrandOptions
  readonly #calledOff = new AbortController()
  readonly #off: Promise<Verdict>
  /** Settles when all that was asked before has been answered. */
  #asked: Promise<unknown> = Promise.resolve()
  #isEnded = false
  #isOverdue = false

  constructor(options: ErrandOptions) {
    this.#options = options
    const { signal } = this.#calledOff
    this.#off = new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(failed('called off')), { once: true })
    })
  }

  /** Resolves when the task has ended, or is lost. */
  async run(): Promise<void> {
    const overdue = this.#startDeadline()
    try {
      const verdict = await this.#carried()
      this.callOff()
      await this.#end(verdict)
    } catch (error) {
      // The node stores what a session leaves behind.
      if (!(error instanceof NodeLostError)) throw error
    } finally {
      overdue?.cancel()
    }
  }

  /** The handler is told, and nothing is heard from it any more. */
  callOff(): void {
    this.#calledOff.abort()
  }

  #startDeadline(): Timer | null {
    const { clock, config } = this.#options
    if (config.handlerSeconds === 0) return null
    return clock.after(config.handlerSeconds * MS_PER_SECOND, () => {
      this.#isOverdue = true
      this.callOff()
    })
  }

  async #carried(): Promise<Verdict> {
    try {
      return await Promise.race([this.#carry(), this.#off])
    } catch (error) {
      if (error instanceof NodeLostError) throw error
      this.#options.log.error('a task could not be carried', { reason: reasonOf(error) })
      return failed('a fault of the server itself')
    }
  }

  async #carry(): Promise<Verdict> {
    const { handedOut, config, path, address, destination } = this.#options
    const { task, theme, attempt, repeats } = handedOut
    const records = await this.#records()
    const handOut: HandOut = { path, task, theme, name: config.name, attempt, repeats, records }
    const { signal } = this.#calledOff
    if (signal.aborted) return failed('called off')
    const wish = (asked: Wish): Promise<WishOutcome> => this.#wish(asked)
    return destination.carry({ address, handOut, signal, wish })
  }

  /** All records: a hand-out tells only the first of very many. */
  async #records(): Promise<readonly Uint8Array[]> {
    const { handedOut, session } = this.#options
    const { task, attempt } = handedOut
    if (!handedOut.more) return handedOut.records
    const records = [...handedOut.records]
    for (;;) {
      const page = await session.ask({ kind: 'read-task', task, attempt, from: records.length })
      if (page.kind !== 'task-records') throw new NodeLostError('the task has been taken away')
      records.push(...page.records)
      if (!page.more) return records
    }
  }

  async #wish(wish: Wish): Promise<WishOutcome> {
    const answer = await this.#inTurn(() => {
      if (this.#calledOff.signal.aborted)
        throw new CalledOffError('the hand-out has been called off')
      return this.#ask(wish)
    })
    if (answer.kind === 'refused') {
      return { kind: 'refused', code: answer.code, message: answer.message }
    }
    return { kind: 'done' }
  }

  async #end(verdict: Verdict): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#isEnded) return
      const wish = this.#lastWish(verdict)
      if (verdict.kind === 'ended' || verdict.kind === 'failed') {
        this.#options.destination.countFailure()
      }
      await this.#ask(wish)
    })
  }

  #lastWish(verdict: Verdict): Wish {
    switch (verdict.kind) {
      case 'delete':
      case 'store':
        return verdict
      case 'ended': {
        const failure = 'the handler ended the call without a delete or a store'
        return { kind: 'store', delaySeconds: 0, failure }
      }
      case 'failed':
    }
    const late = `the handler has not ended within ${this.#options.config.handlerSeconds} s`
    return { kind: 'store', delaySeconds: 0, failure: this.#isOverdue ? late : verdict.failure }
  }

  async #ask(wish: Wish): Promise<Event> {
    const { task, attempt } = this.#options.handedOut
    const answer = await this.#options.session.ask(commandOf(wish, { task, attempt }))
    const isEnd = wish.kind === 'delete' || wish.kind === 'store'
    if (isEnd && answer.kind === 'done') this.#isEnded = true
    return answer
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const acted = this.#asked.then(act)
    this.#asked = acted.catch(() => {})
    return acted
  }
}

function commandOf(wish: Wish, bound: Pick<TaskHandedOut, 'task' | 'attempt'>): NodeWish {
  switch (wish.kind) {
    case 'append':
      return { ...bound, kind: 'append-task', record: wish.record }
    case 'replace':
      return { ...bound, kind: 'replace-task', record: wish.record }
    case 'delete':
      return { ...bound, kind: 'delete-task' }
    case 'store':
  }
  const { delaySeconds, failure } = wish
  return { ...bound, kind: 'store-task', delaySeconds, failure }
}
