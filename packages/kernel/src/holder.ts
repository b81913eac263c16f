/**
 * An owner or waiter: what one session has of one semaphore. Waiters become owners by being granted.
 */
import type { StreamId } from './asked.ts'
import { Timed } from './deadlines.ts'
import type { HolderDescription } from './description.ts'
import type { Linked } from './linked-list.ts'
import type { Semaphore } from './semaphore.ts'
import type { Session } from './session.ts'

export class Holder extends Timed implements Linked<Holder> {
  readonly session: Session
  readonly semaphore: Semaphore
  /** The place in the queue and the fencing token. */
  readonly orderId: bigint
  owns = false
  count = 0n
  /** What the waiter asked for; 0 for an owner. */
  timeoutMs = 0n
  data: Uint8Array
  /** When it entered the queue, or was granted. */
  sinceMs = 0
  /** That was before the node was loaded, and `sinceMs` is when it was. */
  isAtLeast = false
  previous: Holder | null = null
  next: Holder | null = null
  #requestId = 0n
  #attachment = 0

  constructor(place: {
    session: Session
    semaphore: Semaphore
    orderId: bigint
    data: Uint8Array
  }) {
    super()
    this.session = place.session
    this.semaphore = place.semaphore
    this.orderId = place.orderId
    this.data = place.data
  }

  get ephemeral(): boolean {
    return this.semaphore.ephemeral
  }

  /** From here on the outcome is told to this request, as long as the session stays attached as it is. */
  askedBy(requestId: bigint): void {
    this.#requestId = requestId
    this.#attachment = this.session.attachment
  }

  get requestId(): bigint {
    return this.#requestId
  }

  /** Where the outcome is to be told; null when nobody waits for it: the session has left the stream that asked. */
  get asker(): StreamId | null {
    return this.#attachment === this.session.attachment ? this.session.stream : null
  }

  describe(): HolderDescription {
    const { orderId, count, data, timeoutMs } = this
    return { session: this.session.id, orderId, count, data, timeoutMs }
  }
}
