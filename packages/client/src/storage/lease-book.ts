/**
 * The record leases that this client has an eye on.
 *
 * A lease that is kept alive costs no message and no timer of its own: the session keeps all of them, so one contact with the session is a contact for each, and
 * one timer waits for the first that is over if nothing more is heard. A contact is good for the ttl without a margin, as with sessions.
 *
 *   kept by this session ──► adrift, the session was lost: its last contact counts ──► kept by the next one (`keep-lease`)
 *             └───────────────────────────┴──► over: not in time, or the server says so
 */
import type { Notice } from '@tenure/protocol'
import { nothing } from '../abort.ts'
import { Backoff } from '../backoff.ts'
import type { Clock, Timer } from '../clock.ts'
import { WrongLeaseError } from '../errors.ts'
import { pause } from '../pause.ts'
import type { LeaseTerm } from './lease-term.ts'
import type { Asking, StorageSession, StorageTenant } from './storage-session.ts'

export class LeaseBook implements StorageTenant {
  readonly #session: StorageSession
  readonly #clock: Clock
  readonly #terms = new Set<LeaseTerm>()
  readonly #kept = new Map<bigint, LeaseTerm>()
  /** With the session. One with the session before says nothing new of a lease that this one keeps. */
  #contactMs = Number.NEGATIVE_INFINITY
  /** No deadline is before this. */
  #nextMs = Infinity
  #timer: Timer | null = null
  #shortestMs = Infinity

  constructor(session: StorageSession) {
    this.#session = session
    this.#clock = session.ground.clock
    session.settle(this)
  }

  get isWanted(): boolean {
    return this.#kept.size > 0
  }

  get spanMs(): number {
    return this.#shortestMs
  }

  /** A lease is about to be kept for which a contact is good for so long. */
  expect(spanMs: number): void {
    if (spanMs >= this.#shortestMs) return
    this.#shortestMs = spanMs
    this.#session.hurry()
  }

  /** A kept lease is entered in the turn in which the server has said that the present session keeps it. */
  enter(term: LeaseTerm): void {
    this.#terms.add(term)
    if (term.kind === 'kept') {
      this.expect(term.spanMs)
      this.#kept.set(term.id, term)
      term.isConfirmed = true
    }
    this.#arm(this.#deadlineOf(term))
  }

  /** The lease of this id that the session keeps. */
  kept(id: bigint): LeaseTerm | undefined {
    return this.#kept.get(id)
  }

  /** Compares the clocks. */
  check(term: LeaseTerm): void {
    if (this.#terms.has(term) && this.#clock.monotonicMs() >= this.#deadlineOf(term)) {
      this.#expire(term)
    }
  }

  /** When the lease was alive for certain. */
  contactOf(term: LeaseTerm): number {
    return term.isConfirmed ? Math.max(this.#contactMs, term.knownMs) : term.knownMs
  }

  end(term: LeaseTerm, reason: unknown): void {
    this.#terms.delete(term)
    if (this.#kept.get(term.id) === term) this.#kept.delete(term.id)
    term.end(reason)
  }

  opened(): void {
    for (const term of this.#kept.values()) this.#keep(term)
  }

  contact(sentAtMs: number): void {
    // Whatever was over before this was heard is over: the server may have ended it meanwhile.
    if (this.#clock.monotonicMs() >= this.#nextMs) this.#ring()
    if (sentAtMs > this.#contactMs) this.#contactMs = sentAtMs
  }

  noticed(notice: Notice): void {
    const term = notice.kind === 'lease-ended' ? this.#kept.get(notice.lease) : undefined
    if (term !== undefined) this.end(term, this.#over(term, 'the server has ended it'))
  }

  lost(): void {
    this.#shortestMs = Infinity
    for (const term of this.#kept.values()) {
      term.knownMs = this.contactOf(term)
      term.isConfirmed = false
      this.#shortestMs = Math.min(this.#shortestMs, term.spanMs)
    }
  }

  failed(error: unknown): void {
    for (const term of this.#terms) this.end(term, error)
    this.#timer?.cancel()
    this.#timer = null
    this.#nextMs = Infinity
  }

  #deadlineOf(term: LeaseTerm): number {
    return this.contactOf(term) + term.spanMs
  }

  #arm(deadlineMs: number): void {
    if (deadlineMs >= this.#nextMs) return
    this.#nextMs = deadlineMs
    this.#timer?.cancel()
    this.#timer = this.#clock.after(deadlineMs - this.#clock.monotonicMs(), () => this.#ring())
  }

  // Deadlines move with each contact; they are looked at only when the first of them could have come.
  #ring(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#nextMs = Infinity
    const nowMs = this.#clock.monotonicMs()
    let nextMs = Infinity
    for (const term of this.#terms) {
      const deadlineMs = this.#deadlineOf(term)
      if (deadlineMs <= nowMs) this.#expire(term)
      else nextMs = Math.min(nextMs, deadlineMs)
    }
    this.#arm(nextMs)
  }

  #expire(term: LeaseTerm): void {
    const why =
      term.kind === 'kept'
        ? `nothing was heard in the ${term.ttlMs} ms of its ttl`
        : 'its time is over'
    this.end(term, this.#over(term, why))
    if (term.kind !== 'kept') return
    // A session that is sound after all would keep what nobody here believes in any more.
    const request = { kind: 'release-lease', lease: term.id } as const
    const asked = (): string => `cannot release lease ${term.id}`
    this.#session.ask({ request, asked, isRepeatable: true, isQuiet: true }).catch(nothing)
  }

  #over(term: LeaseTerm, why: string): WrongLeaseError {
    return new WrongLeaseError(
      `record lease ${term.id} on "${this.#session.path}" is over: ${why}; make a new one`,
    )
  }

  /** Asks that the present session keeps the lease. */
  #keep(term: LeaseTerm): void {
    if (term.isConfirmed || term.isAsking) return
    term.isAsking = true
    void this.#askToKeep(term)
  }

  async #askToKeep(term: LeaseTerm): Promise<void> {
    const request = { kind: 'keep-lease', lease: term.id } as const
    const asking: Asking = {
      request,
      asked: () => `cannot keep lease ${term.id}`,
      isPatient: true,
      isQuiet: true,
      told: ({ answer, sentMs }) => {
        if (answer.kind === 'done') this.#confirm(term, sentMs)
      },
    }
    const { clock, random } = this.#session.ground
    const backoff = new Backoff(random)
    try {
      while (!term.isOver && !term.isConfirmed) {
        const { answer } = await this.#session.ask(asking, term.signal)
        if (answer.kind === 'refused' && answer.code === 'WRONG_LEASE') {
          this.end(term, this.#over(term, 'the server does not know it any more'))
        } else if (answer.kind === 'refused') {
          await pause(clock, backoff.nextMs(), term.signal, false)
        }
      }
    } catch {
      // The lease is over, or the client is.
    } finally {
      term.isAsking = false
    }
  }

  #confirm(term: LeaseTerm, sentMs: number): void {
    this.check(term)
    if (term.isOver) return
    term.knownMs = Math.max(term.knownMs, sentMs)
    term.isConfirmed = true
    this.#arm(this.#deadlineOf(term))
  }
}
