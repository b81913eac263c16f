/**
 * Who may use this server.
 *
 * Without configured users everybody is welcome and anonymous. With users every call but `Login` needs a token that
 * `Login` gave out; tokens live in memory, so clients log in anew after a restart. Servers of one cluster have the same users, and know each other's
 * tokens by a key that follows from the passwords: a driver logs in at one of them and goes on at another.
 */
import { createHash, createHmac, scryptSync, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { TOKEN_LIFE_MS, TOKENS_MAX } from './limits.ts'

/** Passwords by user name. */
export type Users = Readonly<Record<string, string>>

/** By whom tokens are known: by the server that gave them out, or by all servers of a cluster with the same users. */
export type TokenReach = 'server' | 'cluster'

interface Grant {
  readonly user: string
  readonly expiresAtMs: number
}

/** What a token says that carries the key's signature. */
interface Claims {
  readonly sub: string
  readonly exp: number
}

const KEY_BYTES = 32
const TOKEN_ID_BYTES = 16
/** Says what the key is for. */
const KEY_SALT = 'tokens of the servers of a Tenure cluster'
const TOKEN_HEADER = base64Json({ alg: 'HS256', typ: 'JWT' })

export class Accounts {
  readonly #users: ReadonlyMap<string, Buffer>
  readonly #clock: Clock
  readonly #random: Random
  readonly #key: Uint8Array
  readonly #reach: TokenReach
  /** In the order of their creation. */
  readonly #tokens = new Map<string, Grant>()

  constructor(users: Users, clock: Clock, random: Random, reach: TokenReach = 'server') {
    this.#users = new Map(Object.entries(users).map(([name, password]) => [name, digest(password)]))
    this.#clock = clock
    this.#random = random
    this.#reach = reach
    this.#key = reach === 'cluster' && this.required ? keyOf(users) : random.bytes(KEY_BYTES)
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
    this.#remember(token, user, TOKEN_LIFE_MS)
    return token
  }

  /** @returns the user behind a token, the empty name for an anonymous one; null when the token is not good enough */
  userOf(token: string): string | null {
    const grant = this.#tokens.get(token)
    if (grant !== undefined && grant.expiresAtMs > this.#clock.monotonicMs()) return grant.user
    if (grant !== undefined) this.#tokens.delete(token)
    if (!this.required) return ''
    return grant === undefined && this.#reach === 'cluster' ? this.#userElsewhere(token) : null
  }

  /** Whom another server of the cluster has given this token. How long it is still good only the wall clock can say. */
  #userElsewhere(token: string): string | null {
    const [header, payload, signature, ...rest] = token.split('.')
    if (payload === undefined || signature === undefined || rest.length > 0) return null
    const given = Buffer.from(signature, 'base64url')
    const wanted = Buffer.from(this.#signatureOf(`${header}.${payload}`), 'base64url')
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return null
    const { sub, exp }: Claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const lifeMs = Math.min(exp * 1000 - this.#clock.wallMs(), TOKEN_LIFE_MS)
    if (lifeMs <= 0 || !this.#users.has(sub)) return null
    this.#remember(token, sub, lifeMs)
    return sub
  }

  #remember(token: string, user: string, lifeMs: number): void {
    this.#tokens.set(token, { user, expiresAtMs: this.#clock.monotonicMs() + lifeMs })
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= TOKENS_MAX) break
      this.#tokens.delete(oldest)
    }
  }

  #signatureOf(signed: string): string {
    return createHmac('sha256', this.#key).update(signed).digest('base64url')
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
    return `${signed}.${this.#signatureOf(signed)}`
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function base64Json(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** Dear to compute, so that nobody finds a password by trying keys on a token. */
function keyOf(users: Users): Uint8Array {
  const entries = Object.entries(users).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return scryptSync(JSON.stringify(entries), KEY_SALT, KEY_BYTES)
}
