/** The token that goes with each call. A user with a password logs in for one, and again before it runs out. */
import { anyUnpack, LOGIN, LoginResultSchema } from '@tenure/protocol'
import type { Clock } from '../../clock.ts'
import type { Credentials } from '../../credentials.ts'
import { errorOf, UnavailableError } from '../../errors.ts'
import type { Channels } from './channels.ts'
import { isSuccess, refusalOf } from './status.ts'
import { headersFor, unary } from './unary.ts'

export interface TokensOptions {
  readonly channels: Channels
  readonly database: string
  readonly credentials: Credentials
  readonly clock: Clock
}

/** What a token without a stated life is given. */
const LIFE_MS = 300_000
/** The part of its life after which a token is renewed: the rest is for a server that cannot be reached at once. */
const RENEWAL_SHARE = 0.75

interface Login {
  readonly token: string
  readonly renewAtMs: number
}

export class Tokens {
  readonly #options: TokensOptions
  #login: Promise<Login> | null = null

  constructor(options: TokensOptions) {
    this.#options = options
  }

  /** @returns an empty text for nobody */
  async get(): Promise<string> {
    const { credentials, clock } = this.#options
    if (credentials.kind === 'anonymous') return ''
    if (credentials.kind === 'token') return credentials.token
    const login = await (this.#login ?? this.#renew(credentials.user, credentials.password))
    if (clock.monotonicMs() < login.renewAtMs) return login.token
    this.#login = null
    return this.get()
  }

  /**
   * A token was refused.
   *
   * @returns whether another attempt gets another token
   */
  forget(): boolean {
    const had = this.#login !== null
    this.#login = null
    return had
  }

  #renew(user: string, password: string): Promise<Login> {
    const login = this.#logIn(user, password)
    this.#login = login
    login.catch(() => {
      if (this.#login === login) this.#login = null
    })
    return login
  }

  async #logIn(user: string, password: string): Promise<Login> {
    const { channels, database, clock } = this.#options
    const asked = `cannot log in as "${user}"`
    const askedAtMs = clock.monotonicMs()
    const operation = await unary(channels, {
      method: LOGIN,
      message: { user, password },
      headers: headersFor(database, ''),
      asked,
      signal: undefined,
    })
    if (!isSuccess(operation.status)) {
      throw errorOf(refusalOf(operation.status, operation.issues), asked)
    }
    const result = operation.result && anyUnpack(operation.result, LoginResultSchema)
    if (result === undefined) throw new UnavailableError(`${asked}: the answer holds no token`)
    return { token: result.token, renewAtMs: askedAtMs + lifeMsOf(result.token) * RENEWAL_SHARE }
  }
}

/** How long the token lives from its issue, as it says itself; no wall clock of this machine is asked. */
function lifeMsOf(token: string): number {
  const [, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined) return LIFE_MS
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    if (typeof claims !== 'object' || claims === null) return LIFE_MS
    if (!('exp' in claims && 'iat' in claims)) return LIFE_MS
    const { exp, iat } = claims
    if (typeof exp === 'number' && typeof iat === 'number' && exp > iat) return (exp - iat) * 1000
  } catch {
    // A token that is no JWT after all.
  }
  return LIFE_MS
}
