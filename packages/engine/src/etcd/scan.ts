/**
 * All entries of a claim's range as they were at one revision.
 *
 * The revision may be compacted away while it is read. As long as the partition has not changed since, any later one shows the same
 * entries, and the scan goes on from there.
 */
import type { Entry } from '@tenure/kernel'
import { EngineError } from '../errors.ts'
import type { Fence } from './fence.ts'
import type { TxnResponse } from './gen/etcd/v3/etcd_pb.ts'
import type { Span } from './layout.ts'
import { found, type Operation, revisionOf } from './operation.ts'
import { entriesOf, type Pin } from './pages.ts'

export async function* scanRows(fence: Fence, rows: Span): AsyncIterable<Entry> {
  const { room } = fence.claim
  for await (const { key, value } of entriesOf(new OwnPin(fence), rows)) {
    yield [room.keyIn(key), new Uint8Array(value)]
  }
}

class OwnPin implements Pin {
  readonly #fence: Fence
  #revision = 0n
  /** The mark at that revision. */
  #mark: Buffer = Buffer.alloc(0)

  constructor(fence: Fence) {
    this.#fence = fence
  }

  get revision(): bigint {
    return this.#revision
  }

  ask(page: Operation): Promise<TxnResponse> {
    return this.#fence.read([page])
  }

  seen(answer: TxnResponse): void {
    if (this.#revision !== 0n) return
    this.#revision = revisionOf(answer)
    this.#mark = markIn(answer, 1)
  }

  async compacted(error: EngineError): Promise<void> {
    const answer = await this.#fence.read([])
    if (!markIn(answer, 0).equals(this.#mark)) {
      const what = `partition "${this.#fence.claim.partition}": etcd compacted the revision ${this.#revision} away that a scan reads, and the partition has changed since: scan again, or keep more history`
      throw new EngineError(what, { cause: error })
    }
    this.#revision = revisionOf(answer)
  }
}

function markIn(answer: TxnResponse, index: number): Buffer {
  return Buffer.from(found(answer, index)[0]?.value ?? [])
}
