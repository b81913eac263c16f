/**
 * Who may use this server.
 *
 * Without configured users everybody is welcome and anonymous. With users every call but `Login` needs a token that
 * `Login` gave out; tokens live in memory, so clients log in anew after a restart.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { TOKEN_LIFE_MS, TOKENS_MAX } from './limits.ts'

/** Passwords by user name. */
export type Users = Readonly<Record<string, string>>

interface Grant {
  readonly user: string
  readonly expiresAtMs: number
}

const KEY_BYTES = 32
const TOKEN_ID_BYTES = 16
const TOKEN_HEADER = base64Json({ alg: 'HS256', typ: 'JWT' })

export class Accounts {
  readonly #users: ReadonlyMap<string, Buffer>
  readonly #clock: Clock
  readonly #random: Random
  readonly #key: Uint8Array
  /** In the order of their creation. */
  readonly #tokens = new Map<string, Grant>()

  constructor(users: Users, clock: Clock, random: Random) {
    this.#users = new Map(Object.entries(users).map(([name, password]) => [name, digest(password)]))
    this.#clock = clock
    this.#random = random
    this.#key = random.bytes(KEY_BYTES)
  }

  /** Whether calls need a token. */
  get required(): boolean {
    return this.#users.size > 0
  }

  /** @returns a new token; null when name and password do not fit. Without users only the empty name logs in */
  login(user: string, password: string): string | null {
    const expected = this.#users.get(user)
    // The comparison is made for unknown names too, so that its time tells nothing.
    const fits = timingSafeEqual(digest(password), expected ?? digest(`not ${password}`))
    const isAnonymous = !this.required && user === '' && password === ''
    if (!isAnonymous && (expected === undefined || !fits)) return null
    const token = this.#tokenFor(user)
    this.#tokens.set(token, { user, expiresAtMs: this.#clock.monotonicMs() + TOKEN_LIFE_MS })
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= TOKENS_MAX) break
      this.#tokens.delete(oldest)
    }
    return token
  }

  /** @returns the user behind a token, the empty name for an anonymous one; null when the token is not good enough */
  userOf(token: string): string | null {
    const grant = this.#tokens.get(token)
    if (grant !== undefined && grant.expiresAtMs > this.#clock.monotonicMs()) return grant.user
    if (grant !== undefined) this.#tokens.delete(token)
    return this.required ? null : ''
  }

  /**
   * A JWT. YDB's SDKs read in it when to log in anew, and several of them refuse a token of another form. The server itself goes
   * by its list and its own clock: what a token says of itself is for clients.
   */
  #tokenFor(user: string): string {
    const iat = Math.floor(this.#clock.wallMs() / 1000)
    const exp = iat + TOKEN_LIFE_MS / 1000
    const jti = Buffer.from(this.#random.bytes(TOKEN_ID_BYTES)).toString('base64url')
    const signed = `${TOKEN_HEADER}.${base64Json({ sub: user, iat, exp, jti })}`
    return `${signed}.${createHmac('sha256', this.#key).update(signed).digest('base64url')}`
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function base64Json(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
