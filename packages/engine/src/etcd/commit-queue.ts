/**
 * The commits of one claim, one after the other.
 *
 * What fits into one transaction is one. A larger commit is first written into the journal, in parts that nobody reads; one transaction then
 * declares it, which is the commit; then its parts are applied one by one, and the journal is removed. Who claims the partition
 * meanwhile goes on with what is declared and removes what is not (recovery.ts).
 */
import type { WriteSet } from '@tenure/kernel'
import { EngineError, FencedError, FullError } from '../errors.ts'
import type { Fence } from './fence.ts'
import { packWrites, unpackWrites } from './journal.ts'
import { type Mark, type Pending, pendingText } from './layout.ts'
import { type Operation, put, remove, removeSpan } from './operation.ts'
import { type Bounds, operationsOf, partsOf } from './write-plan.ts'

/** A large commit that is declared, and what of it is not yet applied. */
interface Declared {
  pending: Pending
  /** Packed, and so apart from arrays that the caller may reuse by now. */
  readonly parts: readonly Uint8Array[]
}

export class CommitQueue {
  readonly #fence: Fence
  readonly #bounds: Bounds
  #mark: Mark
  #attempts = 0
  #declared: Declared | null = null
  #failure: EngineError | null = null
  #tail: Promise<void> = Promise.resolve()

  constructor(fence: Fence, bounds: Bounds) {
    this.#fence = fence
    this.#bounds = bounds
    this.#mark = { epoch: fence.claim.epoch, commit: 0 }
  }

  /** What the claim knows of its end. */
  get failure(): EngineError | null {
    return this.#failure
  }

  /** Resolves when the writes are committed, and rejects as the contract says. */
  commit(writes: WriteSet): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#enqueue(async () => {
        try {
          await this.#settle()
          await this.#write(writes)
          resolve()
        } catch (error) {
          reject(this.#failed(error))
          return
        }
        // A failure of it is told to whoever comes next.
        await this.#settle().catch((error: unknown) => this.#failed(error))
      })
    })
  }

  /** Resolves when all that is committed is applied. @throws FullError when there is no room for that, EngineError */
  async applied(): Promise<void> {
    await this.#tailWhileDeclared()
    if (this.#declared === null) return
    await new Promise<void>((resolve, reject) => {
      this.#enqueue(() =>
        this.#settle().then(resolve, (error: unknown) => reject(this.#failed(error))),
      )
    })
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    let tail: Promise<void>
    do {
      tail = this.#tail
      await tail
    } while (tail !== this.#tail)
  }

  /** Ends it with what was found out elsewhere. */
  end(failure: EngineError): void {
    this.#failure ??= failure
  }

  async #tailWhileDeclared(): Promise<void> {
    if (this.#declared !== null) await this.#tail
  }

  #enqueue(work: () => Promise<void>): void {
    this.#tail = this.#tail.then(work)
  }

  /** After a commit whose outcome is unknown no later one may be made: the mark is unknown, too. */
  #failed(error: unknown): unknown {
    if (!(error instanceof FullError)) {
      this.#failure ??=
        error instanceof FencedError
          ? error
          : new EngineError(
              `partition "${this.#fence.claim.partition}": claim it anew, because a commit failed: ${String(error)}`,
              { cause: error },
            )
    }
    return error
  }

  async #write(writes: WriteSet): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    const parts = partsOf(writes, this.#bounds)
    const next = { ...this.#mark, commit: this.#mark.commit + 1 }
    if (parts.length > 1) {
      await this.#declare(parts.map(packWrites), next)
    } else {
      const operations = operationsOf(parts[0] ?? [], this.#fence.claim.room)
      await this.#fence.write({ mark: this.#mark, next, operations })
    }
    this.#mark = next
  }

  async #declare(parts: readonly Uint8Array[], next: Mark): Promise<void> {
    const { room, epoch } = this.#fence.claim
    this.#attempts += 1
    const pending = {
      attempt: `${epoch}.${this.#attempts}`,
      parts: parts.length,
      applied: 0,
    }
    try {
      for (const operations of this.#journalOf(parts, pending.attempt)) {
        await this.#fence.write({ mark: this.#mark, operations })
      }
      const operations = [put(room.pending, pendingText(pending))]
      await this.#fence.write({ mark: this.#mark, next, operations })
    } catch (error) {
      if (error instanceof FullError) await this.#discard()
      throw error
    }
    this.#declared = { pending, parts }
  }

  /** Gives the room of a journal that was not declared back. What of it stays goes with the next claim or the next large commit. */
  async #discard(): Promise<void> {
    const operations = [removeSpan(this.#fence.claim.room.journal)]
    try {
      await this.#fence.write({ mark: this.#mark, operations })
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
    }
  }

  /** The journal's rows, as many in one transaction as fit. */
  *#journalOf(parts: readonly Uint8Array[], attempt: string): Iterable<Operation[]> {
    const { room } = this.#fence.claim
    let operations: Operation[] = []
    let bytes = 0
    for (const [index, packed] of parts.entries()) {
      const isFull = operations.length === this.#bounds.operations
      if (operations.length > 0 && (isFull || bytes + packed.length > this.#bounds.bytes)) {
        yield operations
        operations = []
        bytes = 0
      }
      operations.push(put(room.part(attempt, index), packed))
      bytes += packed.length
    }
    yield operations
  }

  /** Applies what is declared and not yet applied. */
  async #settle(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    const declared = this.#declared
    if (declared === null) return
    for (const part of declared.parts.slice(declared.pending.applied)) {
      const to = await applyPart(this.#fence, this.#mark, { from: declared.pending, part })
      if (to !== null) declared.pending = to
    }
    this.#declared = null
  }
}

/** Applies the next part of what is pending. @returns what is pending then */
export async function applyPart(
  fence: Fence,
  mark: Mark,
  { from, part }: { readonly from: Pending; readonly part: Uint8Array },
): Promise<Pending | null> {
  const { room } = fence.claim
  const applied = from.applied + 1
  const to = applied < from.parts ? { ...from, applied } : null
  const advance =
    to === null
      ? [remove(room.pending), removeSpan(room.journal)]
      : [put(room.pending, pendingText(to))]
  const operations = [...operationsOf(unpackWrites(part), room), ...advance]
  await fence.write({ mark, pending: { from, to }, operations })
  return to
}
