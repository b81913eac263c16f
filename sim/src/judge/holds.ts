/**
 * Who believes to hold what, at every instant of the run.
 *
 * A holder counts as long as its program runs and its lease's signal has not aborted: from then on it is the program that is
 * wrong. A process that was paused counts no more, since nothing in it could notice in time; only its token protects then.
 */
import type { Process } from '../machine/process.ts'
import type { Actor, Ground, Verdicts } from './ground.ts'
import type { Lockable } from './lockable.ts'
import type { Sessions } from './sessions.ts'

/** What a grant gives: a lease, or a leadership. */
export interface Grant {
  readonly token: bigint
  readonly count: bigint
  readonly signal: AbortSignal
}

interface Hold {
  readonly who: string
  readonly count: bigint
  readonly token: bigint
  readonly isActive: () => boolean
  hasEnded: boolean
}

/** An acquire from its call to its grant. */
export interface Attempt {
  /** @returns what to call just before giving back */
  granted(grant: Grant): () => void
}

class Book {
  active: Hold[] = []
  /** The process that was granted it last. */
  latest = ''
  readonly tokens = new Map<bigint, string>()
  /** Of all grants that programs know of. */
  highest = 0n
}

export class Holds {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #sessions: Sessions
  readonly #books = new Map<string, Book>()

  constructor(ground: Ground, verdicts: Verdicts, sessions: Sessions) {
    this.#ground = ground
    this.#verdicts = verdicts
    this.#sessions = sessions
  }

  calling(actor: Actor, lockable: Lockable): Attempt {
    const book = this.#bookOf(lockable.name)
    const before = book.highest
    return { granted: (grant) => this.#granted(actor, lockable, { grant, before }) }
  }

  #granted(
    actor: Actor,
    lockable: Lockable,
    { grant, before }: { readonly grant: Grant; readonly before: bigint },
  ): () => void {
    const { name } = lockable
    const { marks } = this.#ground
    const book = this.#bookOf(name)
    const { token, count, signal } = grant
    const { process } = actor
    const { pauses } = process
    const hold: Hold = {
      who: actor.name,
      count,
      token,
      hasEnded: false,
      isActive: () => process.alive && process.pauses === pauses && !signal.aborted,
    }
    actor.note(`holds ${count} of ${name}, token ${token}`)
    if (token <= before) {
      const text = `${actor.name} got token ${token} of "${name}", but ${before} was granted before it asked`
      this.#verdicts.violate('X2', text)
    }
    const earlier = book.tokens.get(token)
    if (earlier !== undefined) {
      this.#verdicts.violate(
        'X2',
        `${actor.name} got token ${token} of "${name}", as ${earlier} had`,
      )
    }
    book.tokens.set(token, actor.name)
    if (token > book.highest) book.highest = token
    book.active = book.active.filter((other) => !other.hasEnded && other.isActive())
    book.active.push(hold)
    this.#judgeOverlap(lockable, book)
    const { claims } = this.#sessions
    this.#follow(hold, book, { process, signal })
    return () => {
      if (hold.hasEnded) return
      if (signal.aborted) marks.reached('a lease is lost')
      else if (this.#sessions.claims > claims) marks.reached('a lease outlives its server')
      hold.hasEnded = true
      actor.note(`gives ${name} back, token ${token}`)
    }
  }

  /** What may happen to a holder. */
  #follow(
    hold: Hold,
    book: Book,
    { process, signal }: { readonly process: Process; readonly signal: AbortSignal },
  ): void {
    const { marks } = this.#ground
    if (book.latest !== '' && book.latest !== process.name) {
      marks.reached('what is held passes to another process')
    }
    book.latest = process.name
    process.onCrash(() => {
      if (!hold.hasEnded && !signal.aborted) marks.reached('a holder dies')
    })
    process.onPause(() => {
      if (!hold.hasEnded && !signal.aborted) marks.reached('a holder falls asleep')
    })
  }

  #judgeOverlap({ name, limit }: Lockable, { active }: Book): void {
    const held = active.reduce((sum, { count }) => sum + count, 0n)
    if (active.length > 1) this.#ground.marks.reached('two holders at a time')
    if (held <= limit) return
    const who = active.map((hold) => `${hold.who} ${hold.count} with token ${hold.token}`)
    this.#verdicts.violate('X1', `"${name}" has ${limit}, but ${held} are held: ${who.join(', ')}`)
  }

  #bookOf(name: string): Book {
    const present = this.#books.get(name)
    if (present !== undefined) return present
    const book = new Book()
    this.#books.set(name, book)
    return book
  }
}
