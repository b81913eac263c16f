/**
 * One session stream through YDB's official driver: what every client is made of. It knows messages and nothing else; what
 * is said, and when, is the business of the client on top.
 */
import type { MessageInitShape } from '@bufbuild/protobuf'
import {
  CoordinationServiceDefinition,
  type SessionRequestSchema,
  type SessionResponse,
} from '@ydbjs/api/coordination'
import type { Driver } from '@ydbjs/core'

export type Said = NonNullable<MessageInitShape<typeof SessionRequestSchema>['request']>
export type Heard = SessionResponse['response']
export type HeardCase = Exclude<Heard['case'], undefined>
export type HeardValue<C extends HeardCase> = Extract<Heard, { case: C }>['value']

export class SessionWire {
  /** The kinds of all that was said and heard, for a look at the order: `> sessionStart`, `< sessionStarted`. */
  readonly transcript: string[] = []
  readonly #outgoing: Said[] = []
  readonly #controller = new AbortController()
  #wake: () => void = () => {}
  #isHalfClosed = false

  /** @param heard called with each message, in order */
  constructor(driver: Driver, heard: (message: Heard) => void) {
    this.ended = this.#run(driver, heard)
  }

  /** Resolves when the call is over: with null after a good end, else with what gRPC says. */
  readonly ended: Promise<unknown>

  say(request: Said): void {
    this.transcript.push(`> ${request.case}`)
    this.#outgoing.push(request)
    this.#wake()
  }

  /** Says no more, but listens. */
  halfClose(): void {
    this.#isHalfClosed = true
    this.#wake()
  }

  cancel(): void {
    this.#controller.abort()
  }

  async #run(driver: Driver, heard: (message: Heard) => void): Promise<unknown> {
    const client = driver.createClient(CoordinationServiceDefinition)
    try {
      const responses = client.session(this.#requests(), { signal: this.#controller.signal })
      for await (const { response } of responses) {
        this.transcript.push(`< ${response.case}`)
        heard(response)
      }
      return null
    } catch (error) {
      return error
    } finally {
      this.halfClose()
    }
  }

  async *#requests(): AsyncGenerator<{ request: Said }> {
    for (;;) {
      const request = this.#outgoing.shift()
      if (request !== undefined) yield { request }
      else if (this.#isHalfClosed) return
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
  }
}
