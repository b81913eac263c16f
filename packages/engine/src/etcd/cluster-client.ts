/**
 * Calls of a cluster: by the member that answered last, and by the next one when that is down, slow or has no leader.
 *
 * An attempt whose answer was lost is repeated, so all that is sent must be harmless when it is done twice; whoever has to know whether an
 * earlier attempt may have been done is told.
 */
import type { ChannelCredentials, ClientDuplexStream } from '@grpc/grpc-js'
import { EngineError } from '../errors.ts'
import { delay, monotonicMs } from '../clock.ts'
import { type Attempt, Member } from './member.ts'
import { AUTHENTICATE, type Method } from './methods.ts'
import { StatusError } from './status.ts'

/** The longest that one member is waited for. */
const ATTEMPT_MS = 2_000
/** So long until the members are asked once more after each of them failed; it doubles. */
const ROUND_FIRST_MS = 25
const ROUND_MAX_MS = 400
/** So many fresh tokens may be refused in one call. */
const TOKENS_MAX = 3

interface Login {
  readonly name: string
  readonly password: string
}

export interface ClusterOptions {
  readonly endpoints: readonly string[]
  readonly credentials: ChannelCredentials
  readonly login: Login | null
  /** The longest time of a call, with all its attempts. */
  readonly timeoutMs: number
}

export interface Answer<Response> {
  readonly message: Response
  /** An earlier attempt was lost: it may have been done, too. */
  readonly isRepeated: boolean
}

export interface OpenStream<Request, Response> {
  readonly stream: ClientDuplexStream<Request, Response>
  /** The next stream, and the next call, go to another member. */
  readonly avoid: () => void
}

export class ClusterClient {
  readonly #options: ClusterOptions
  readonly #members: readonly Member[]
  readonly #closing = new AbortController()
  #at = 0
  #token: Promise<string> | null = null

  constructor(options: ClusterOptions) {
    this.#options = options
    this.#members = options.endpoints.map((address) => new Member(address, options.credentials))
  }

  /** Aborts when the client is closed. */
  get closed(): AbortSignal {
    return this.#closing.signal
  }

  /** @throws StatusError when it was refused, or when the time is over */
  call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
  ): Promise<Answer<Response>> {
    return this.#attempts((member, attempt) => member.call(method, request, attempt))
  }

  /** Says one thing on a stream of its own, and takes the first answer. @throws StatusError as `call` does */
  ask<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
  ): Promise<Answer<Response>> {
    return this.#attempts((member, attempt) => member.ask(method, request, attempt))
  }

  /** A stream to the member that answered last. It is over when it fails. */
  async open<Request, Response>(
    method: Method<Request, Response>,
  ): Promise<OpenStream<Request, Response>> {
    const login = this.#logIn()
    const token = await login
    this.#assertOpen()
    const at = this.#at
    const avoid = (): void => {
      this.#forget(login)
      this.#avoid(at)
    }
    return { stream: this.#member(at).open(method, { token }), avoid }
  }

  /** Ends all calls. */
  close(): void {
    this.#closing.abort(new EngineError('the etcd engine is closed'))
    for (const member of this.#members) member.close()
  }

  async #attempts<Message>(
    attempt: (member: Member, options: Attempt) => Promise<Message>,
    { isLogin = false } = {},
  ): Promise<Answer<Message>> {
    const endMs = monotonicMs() + this.#options.timeoutMs
    let [isRepeated, tokensLeft] = [false, TOKENS_MAX]
    for (let failures = 1; ; failures += 1) {
      this.#assertOpen()
      const at = this.#at
      const login = isLogin ? null : this.#logIn()
      try {
        const token = await login
        const timeoutMs = Math.max(1, Math.min(ATTEMPT_MS, endMs - monotonicMs()))
        const options = { token, timeoutMs, signal: this.closed }
        return { message: await attempt(this.#member(at), options), isRepeated }
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
        if (error.reason === 'lost') {
          isRepeated = true
          this.#avoid(at)
        }
        const failure = error.repeated(isRepeated)
        if (error.reason !== 'token') await this.#pause(failures, endMs, failure)
        else if (this.#forget(login) && tokensLeft > 0) tokensLeft -= 1
        else throw failure
      }
    }
  }

  /** Waits when every member has failed once more. @throws `failure` when the time is over, or waiting is no use */
  async #pause(failures: number, endMs: number, failure: StatusError): Promise<void> {
    this.#assertOpen()
    if (failure.reason !== 'lost' && failure.reason !== 'busy') throw failure
    const rounds = failures / this.#members.length
    const waitMs = Number.isInteger(rounds)
      ? Math.min(ROUND_MAX_MS, ROUND_FIRST_MS * 2 ** (rounds - 1))
      : 0
    if (monotonicMs() + waitMs >= endMs) throw failure
    if (waitMs > 0) await delay(waitMs, this.closed, { hold: true })
  }

  /** @returns the token that all calls share; null where nobody is asked */
  #logIn(): Promise<string> | null {
    const { login } = this.#options
    if (login === null) return null
    this.#token ??= this.#authenticate(login)
    return this.#token
  }

  async #authenticate(login: Login): Promise<string> {
    const { message } = await this.#attempts(
      (member, options) => member.call(AUTHENTICATE, login, options),
      { isLogin: true },
    )
    return message.token
  }

  /** Sees to it that the next call logs in again. @returns false when there is nobody to log in */
  #forget(token: Promise<string> | null): boolean {
    if (this.#token === token) this.#token = null
    return token !== null
  }

  #member(at: number): Member {
    const member = this.#members[at]
    if (member === undefined) throw new EngineError('an etcd engine needs an endpoint')
    return member
  }

  /** Calls that failed together go on together: only the first of them moves on. */
  #avoid(at: number): void {
    if (this.#at === at) this.#at = (at + 1) % this.#members.length
  }

  #assertOpen(): void {
    this.closed.throwIfAborted()
  }
}
