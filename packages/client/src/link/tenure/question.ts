/** What is asked without a session: one attempt on one connection. */
import type { NodeQuestion, Reply } from '@tenure/protocol'
import { nothing, onAbort } from '../../abort.ts'
import type { Clock, Timer } from '../../clock.ts'
import { errorOf, UnavailableError } from '../../errors.ts'
import { ATTEMPT_TIMEOUT_MS } from '../grpc/unary.ts'
import type { AttachmentEnd } from '../link.ts'
import type { TenureConnection } from './connection.ts'
import type { Questioner } from './tenant.ts'

export interface QuestionOptions {
  readonly clock: Clock
  readonly connection: TenureConnection
  readonly path: string
  readonly question: NodeQuestion
  /** What is asked, for messages: `cannot … node "/local/a"`. */
  readonly asked: string
  readonly signal: AbortSignal | undefined
}

/** What a server says that does not refuse. */
export type Said = Exclude<Reply, { readonly kind: 'refused' }>

/** @throws TenureError when it is refused or nobody answers; the reason of `signal` */
export function put(options: QuestionOptions): Promise<Said> {
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted === true) reject(options.signal.reason)
    else new Question(options, { resolve, reject }).begin()
  })
}

interface Outcome {
  resolve(said: Said): void
  reject(reason: unknown): void
}

class Question implements Questioner {
  readonly #options: QuestionOptions
  readonly #outcome: Outcome
  #timer: Timer | null = null
  #deafen: () => void = nothing

  constructor(options: QuestionOptions, outcome: Outcome) {
    this.#options = options
    this.#outcome = outcome
  }

  begin(): void {
    const { clock, connection, path, question, signal } = this.#options
    const id = connection.askNode(path, question, this)
    this.#deafen = onAbort(signal, (reason) => {
      this.#settle()
      connection.ignore(id)
      this.#outcome.reject(reason)
    })
    this.#timer = clock.after(ATTEMPT_TIMEOUT_MS, () => {
      this.#settle()
      connection.ignore(id)
      connection.doubt()
      this.#outcome.reject(this.#unanswered(`nothing said in ${ATTEMPT_TIMEOUT_MS} ms`))
    })
  }

  hear(reply: Reply): boolean {
    this.#settle()
    if (reply.kind === 'refused') this.#outcome.reject(errorOf(reply, this.#options.asked))
    else this.#outcome.resolve(reply)
    return false
  }

  cut(end: AttachmentEnd): void {
    this.#settle()
    const { asked } = this.#options
    if (end.kind === 'refused') this.#outcome.reject(errorOf(end.refusal, asked))
    else {
      const cause = end.kind === 'broken' ? end.cause : null
      const why = cause instanceof Error ? cause.message : 'the connection is over'
      this.#outcome.reject(this.#unanswered(why, cause))
    }
  }

  #unanswered(why: string, cause: unknown = null): UnavailableError {
    const { asked, connection } = this.#options
    const message = `${asked}: no answer from ${connection.host}: ${why}`
    return new UnavailableError(message, cause === null ? {} : { cause })
  }

  #settle(): void {
    this.#timer?.cancel()
    this.#deafen()
  }
}
