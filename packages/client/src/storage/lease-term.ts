/** What this side knows of one record lease: until when it may be believed in, and why it is over. */

export interface LeaseTerms {
  readonly id: bigint
  readonly ttlMs: number
  /** For how long a contact is good. */
  readonly spanMs: number
  /** `kept`: by the session of this storage. `elsewhere`: by a session of somebody else. `running`: by nobody, it runs down. */
  readonly kind: 'kept' | 'elsewhere' | 'running'
  /** When what the server said of it may have been so at the latest. */
  readonly knownMs: number
}

export class LeaseTerm {
  readonly id: bigint
  readonly ttlMs: number
  readonly spanMs: number
  readonly kind: LeaseTerms['kind']
  /** The last contact that was good for this lease by itself. */
  knownMs: number
  /** Whether the present session keeps it: then a contact with the session is one for the lease. */
  isConfirmed = false
  /** Whether the server is being asked to let the present session keep it. */
  isAsking = false
  #isOver = false
  #reason: unknown = null
  /** Made when somebody looks: there may be very many leases, and most have no listener. */
  #controller: AbortController | null = null

  constructor({ id, ttlMs, spanMs, kind, knownMs }: LeaseTerms) {
    this.id = id
    this.ttlMs = ttlMs
    this.spanMs = spanMs
    this.kind = kind
    this.knownMs = knownMs
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isOver) this.#controller.abort(this.#reason)
    return this.#controller.signal
  }

  /** The first reason stays. */
  end(reason: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#reason = reason
    this.#controller?.abort(reason)
  }
}
