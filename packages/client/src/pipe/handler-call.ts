/**
 * One task that the server has brought to this program: a call, from the task's records to its end.
 *
 * The task is driven here for as long as the call lives, so the call is its way: operations have numbers, and outcomes name them.
 */
import { codeOf, create, type MessageInitShape, type TaskOperation } from '@tenure/protocol'
import {
  type DialerMessage,
  type HandlerMessage,
  HandlerMessageSchema,
} from '@tenure/protocol/tenure-v1'
import type { Clock } from '../clock.ts'
import type { Answer } from '../link/link.ts'
import type { Random } from '../random.ts'
import { type Handed, type TaskHandler, work } from './hand-out.ts'
import { Lost, type Way } from './way.ts'

/** What carries the call. */
export interface HandlerStream {
  write(message: HandlerMessage): void
  /** All is said. */
  end(): void
  /** Ends the call with an error, so that the server stores the task. */
  fail(kind: 'unknown-theme' | 'unfinished', why: string): void
}

export interface HandlerCallOptions {
  readonly stream: HandlerStream
  readonly clock: Clock
  readonly random: Random
  /** undefined for a theme that nobody handles here. */
  readonly handlerOf: (theme: number) => TaskHandler | undefined
}

type HandOutMessage = Extract<DialerMessage['message'], { case: 'handOut' }>['value']
type OutcomeMessage = Extract<DialerMessage['message'], { case: 'outcome' }>['value']
type Operation = NonNullable<MessageInitShape<typeof HandlerMessageSchema>['operation']>

interface Asked {
  readonly resolve: (answer: Answer) => void
  readonly reject: (lost: Lost) => void
}

export class HandlerCall implements Way {
  readonly clock: Clock
  readonly random: Random
  /** Settles when the handler has, if it was called; at the end of the call else. */
  readonly done: Promise<void>
  readonly #options: HandlerCallOptions
  readonly #records: Uint8Array[] = []
  readonly #asked = new Map<bigint, Asked>()
  readonly #dependents = new Set<(why: string) => void>()
  #lastNumber = 0n
  #isAtWork = false
  #why: string | null = null
  #settle: () => void = () => {}

  constructor(options: HandlerCallOptions) {
    this.#options = options
    this.clock = options.clock
    this.random = options.random
    this.done = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  hear({ message }: DialerMessage): void {
    if (message.case === 'outcome') this.#answered(message.value)
    else if (message.case === 'handOut' && !this.#isAtWork) this.#receive(message.value)
  }

  /** The call is over, whoever has ended it. */
  over(why: string): void {
    if (this.#why !== null) return
    this.#why = why
    if (!this.#isAtWork) this.#settle()
    const dependents = [...this.#dependents]
    const asked = [...this.#asked.values()]
    this.#dependents.clear()
    this.#asked.clear()
    for (const lost of dependents) lost(why)
    for (const { reject } of asked) reject(new Lost(why, true))
  }

  ask(operation: TaskOperation): Promise<Answer> {
    const said = operationOf(operation)
    return new Promise((resolve, reject) => {
      if (this.#why !== null) {
        reject(new Lost(this.#why, false))
        return
      }
      this.#lastNumber += 1n
      const number = this.#lastNumber
      this.#asked.set(number, { resolve, reject })
      this.#options.stream.write(create(HandlerMessageSchema, { number, operation: said }))
    })
  }

  onLost(lost: (why: string) => void): () => void {
    if (this.#why === null) this.#dependents.add(lost)
    else lost(this.#why)
    return () => {
      this.#dependents.delete(lost)
    }
  }

  /** The connection is watched by whoever carries the call. */
  check(): void {}

  #receive(message: HandOutMessage): void {
    this.#records.push(...message.records)
    if (message.more || message.task === undefined) return
    const { task, path, theme, attempt, repeats } = message
    const handler = this.#options.handlerOf(theme)
    this.#isAtWork = true
    if (handler === undefined) {
      this.#options.stream.fail('unknown-theme', `nobody handles theme ${theme} here`)
      this.#settle()
      return
    }
    const records = this.#records
    void this.#work({ task, path, theme, attempt, repeats, records, more: false }, handler)
  }

  async #work(handed: Handed, handler: TaskHandler): Promise<void> {
    await work(this, handed, handler)
    this.#settle()
    if (this.#why !== null) return
    // The task is ended, or its end was refused for good: then the end of the call stores it.
    if (this.#dependents.size === 0) this.#options.stream.end()
    else this.#options.stream.fail('unfinished', 'the task could not be ended')
  }

  #answered({ number, code, message }: OutcomeMessage): void {
    const asked = this.#asked.get(number)
    this.#asked.delete(number)
    asked?.resolve(
      code === undefined ? { kind: 'done' } : { kind: 'refused', code: codeOf(code), message },
    )
  }
}

function operationOf(operation: TaskOperation): Operation {
  switch (operation.kind) {
    case 'append-task':
      return { case: 'append', value: { record: operation.record } }
    case 'replace-task':
      return { case: 'replace', value: { record: operation.record } }
    case 'delete-task':
      return { case: 'delete', value: {} }
    case 'store-task': {
      const { delaySeconds, failure } = operation
      return { case: 'store', value: { delaySeconds, failure } }
    }
    case 'open-task':
    case 'read-task':
    case 'handle-theme':
    case 'stop-handling':
    case 'take-task':
      break
  }
  throw new Error(`a handler cannot ask for ${operation.kind}`)
}
