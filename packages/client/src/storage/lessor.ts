/** Makes and finds record leases. */
import { kindOf, optionsOf } from '../arguments.ts'
import { WrongLeaseError } from '../errors.ts'
import type { Answer } from '../link/link.ts'
import { nothing } from '../abort.ts'
import { marginMsOf } from '../session/belief.ts'
import { type AnswerOf, expected } from './answers.ts'
import { versionOf } from './arguments.ts'
import { LeaseBook } from './lease-book.ts'
import { LeaseTerm } from './lease-term.ts'
import { type LeaseGround, RecordLease } from './record-lease.ts'
import type { Asking, StorageReply, StorageSession } from './storage-session.ts'
import { outOfRange, wrongType } from '../wrong-argument.ts'

export interface NewLeaseOptions {
  /** The lease lives until it is released or the client is closed, and its ttl beyond a client that has died. By default its ttl from now. */
  readonly keepAlive?: boolean
}

export const LEASE_TTL_MAX_MS = 86_400_000

/** The server tells whole milliseconds, the last one begun. */
const ROUNDED_UP_MS = 1

export class Lessor {
  readonly #ground: LeaseGround
  /** The handles of the leases that the session keeps. */
  readonly #handles = new WeakMap<LeaseTerm, RecordLease>()

  constructor(session: StorageSession) {
    this.#ground = { session, book: new LeaseBook(session) }
  }

  /**
   * Makes a lease; dispose it to end it with its records. Rejects with the reason of `signal`: a lease that was made all the same is given
   * back.
   *
   * @param ttl milliseconds, above 0, at most a day
   */
  async newLease(
    ttl: number,
    options: NewLeaseOptions = {},
    signal?: AbortSignal,
  ): Promise<RecordLease> {
    signal?.throwIfAborted()
    const ttlMs = ttlOf(ttl)
    const { keepAlive = false } = optionsOf(options, 'the options of a lease')
    const spanMs = keepAlive ? ttlMs - marginMsOf(ttlMs) : ttlMs
    if (keepAlive) this.#ground.book.expect(spanMs)
    const make = (id: bigint, knownMs: number): RecordLease => {
      const kind = keepAlive ? 'kept' : 'running'
      return this.#handle(new LeaseTerm({ id, ttlMs, spanMs, kind, knownMs }))
    }
    for (;;) {
      const made: RecordLease[] = []
      const asking: Asking = {
        request: { kind: 'grant-lease', ttlMs: BigInt(ttlMs), keepAlive },
        asked: () => 'cannot make a lease',
        late: (answer) => this.#giveBack(answer),
        told: ({ answer, attempts, sentMs }) => {
          const isSure = !keepAlive || attempts === 1
          if (answer.kind === 'lease-granted' && isSure) made.push(make(answer.lease, sentMs))
        },
      }
      const { answer } = await this.#ground.session.ask(asking, signal)
      const { lease: id } = expected(asking, answer, 'lease-granted')
      // The server was left between the grant and its answer, perhaps for longer than the lease has lived.
      const [lease = await this.#kept(id, (sentMs) => make(id, sentMs), signal)] = made
      if (lease !== null) return lease
    }
  }

  /** The lease of an id, whichever process has made it. @throws NotFoundError */
  async getLease(id: bigint, signal?: AbortSignal): Promise<RecordLease> {
    signal?.throwIfAborted()
    const lease = versionOf(id, 'the id of a lease')
    const asking: Asking = {
      request: { kind: 'describe-lease', lease },
      asked: () => `cannot find lease ${lease}`,
    }
    const reply = await this.#ground.session.ask(asking, signal)
    const described = expected(asking, reply.answer, 'lease-described')
    const own = this.#ground.book.kept(lease)
    return (own && this.#handles.get(own)) ?? this.#handle(found(described, reply))
  }

  #handle(term: LeaseTerm): RecordLease {
    const handle = new RecordLease(this.#ground, term)
    if (term.kind === 'kept') this.#handles.set(term, handle)
    return handle
  }

  /** Has the session keep a lease that may be over. @returns null when it is */
  async #kept(
    id: bigint,
    make: (sentMs: number) => RecordLease,
    signal: AbortSignal | undefined,
  ): Promise<RecordLease | null> {
    const made: RecordLease[] = []
    const asking: Asking = {
      request: { kind: 'keep-lease', lease: id },
      asked: () => 'cannot make a lease',
      told: ({ answer, sentMs }) => {
        if (answer.kind === 'done') made.push(make(sentMs))
      },
    }
    try {
      const { answer } = await this.#ground.session.ask(asking, signal)
      expected(asking, answer, 'done')
      return made[0] ?? null
    } catch (error) {
      if (error instanceof WrongLeaseError) return null
      this.#end(id)
      throw error
    }
  }

  /** A grant for which nobody waits any more. */
  #giveBack(answer: Answer): void {
    if (answer.kind === 'lease-granted') this.#end(answer.lease)
  }

  #end(id: bigint): void {
    const request = { kind: 'release-lease', lease: id } as const
    const asking = { request, asked: () => `cannot release lease ${id}`, isRepeatable: true }
    this.#ground.session.ask(asking).catch(nothing)
  }
}

function found(described: AnswerOf<'lease-described'>, { sentMs }: StorageReply): LeaseTerm {
  const { lease: id, isKept } = described
  return new LeaseTerm({
    id,
    ttlMs: Number(described.ttlMs),
    spanMs: isKept ? Infinity : Math.max(0, Number(described.remainingMs) - ROUNDED_UP_MS),
    kind: isKept ? 'elsewhere' : 'running',
    knownMs: sentMs,
  })
}

/** @returns whole milliseconds */
function ttlOf(ttl: number): number {
  if (typeof ttl !== 'number') {
    throw wrongType(`the ttl of a lease must be a number, got ${kindOf(ttl)}`)
  }
  if (ttl > 0 && ttl <= LEASE_TTL_MAX_MS) return Math.ceil(ttl)
  throw outOfRange(
    `the ttl of a lease must be above 0 and at most ${LEASE_TTL_MAX_MS} milliseconds, got ${ttl}`,
  )
}
