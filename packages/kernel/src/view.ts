/**
 * What many watches of one name see together: one description of the semaphore serves all that want the same of it.
 *
 * Changes only mark the view. So it costs one description however often the semaphore changes between two looks, and however
 * many watch it.
 */
import type { StreamId } from './asked.ts'
import type { DescribeSemaphore } from './command.ts'
import type { DescriptionWish } from './description.ts'
import { invariant } from './invariant.ts'
import { LinkedList } from './linked-list.ts'
import type { Change, Watch } from './watch.ts'

/** The watches of one view on one stream. */
export class Audience extends LinkedList<Watch> {
  readonly view: View
  readonly stream: StreamId

  constructor(view: View, stream: StreamId) {
    super()
    this.view = view
    this.stream = stream
  }

  get requestIds(): bigint[] {
    const ids: bigint[] = []
    for (let watch = this.first; watch !== null; watch = watch.next) ids.push(watch.requestId)
    return ids
  }
}

export class View {
  readonly name: string
  readonly wish: DescriptionWish
  readonly #listensFor: Change
  readonly #audiences = new Map<StreamId, Audience>()
  /** Something has changed that nobody here was shown. */
  isDue = false

  constructor({ name, owners, waiters, watchData, watchOwners }: DescribeSemaphore) {
    this.name = name
    this.wish = { owners, waiters }
    this.#listensFor = { data: watchData, owners: watchOwners }
  }

  get isEmpty(): boolean {
    return this.#audiences.size === 0
  }

  /** In the order in which their streams have come. */
  get audiences(): IterableIterator<Audience> {
    return this.#audiences.values()
  }

  serves({ owners, waiters, watchData, watchOwners }: DescribeSemaphore): boolean {
    return (
      this.wish.owners === owners &&
      this.wish.waiters === waiters &&
      this.#listensFor.data === watchData &&
      this.#listensFor.owners === watchOwners
    )
  }

  concerns({ data, owners }: Change): boolean {
    return (data && this.#listensFor.data) || (owners && this.#listensFor.owners)
  }

  audienceOf(stream: StreamId): Audience {
    let audience = this.#audiences.get(stream)
    if (audience === undefined) {
      audience = new Audience(this, stream)
      this.#audiences.set(stream, audience)
    }
    return audience
  }

  /** The last watch of an audience has left. */
  drop(audience: Audience): void {
    invariant(audience.size === 0, 'I-7', audience.stream)
    this.#audiences.delete(audience.stream)
  }
}
