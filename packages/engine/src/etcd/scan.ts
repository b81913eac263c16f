/**
 * All entries of a range as they were at one revision, page by page.
 *
 * The revision may be compacted away while it is read. As long as the partition has not changed since, any later one shows the same
 * entries, and the scan goes on from there.
 */
import type { Entry } from '@tenure/kernel'
import { EngineError } from '../errors.ts'
import type { Fence } from './fence.ts'
import type { KeyValue, TxnResponse } from './gen/etcd/v3/etcd_pb.ts'
import type { Span } from './layout.ts'
import { found, hasMore, readPage, revisionOf } from './operation.ts'
import { StatusError } from './status.ts'

const PAGE_BYTES = 1024 * 1024
const PAGE_ENTRIES_FIRST = 256
const PAGE_ENTRIES_MAX = 4096

export async function* scanRows(fence: Fence, rows: Span): AsyncIterable<Entry> {
  const { room } = fence.claim
  const reader = new PageReader(fence)
  let { key } = rows
  for (;;) {
    const { entries, isLast } = await reader.page({ key, rangeEnd: rows.rangeEnd })
    for (const entry of entries) yield [room.keyIn(entry.key), new Uint8Array(entry.value)]
    const last = entries.at(-1)
    if (isLast || last === undefined) return
    // The least key that is greater than the last one.
    key = Buffer.concat([last.key, Buffer.alloc(1)])
  }
}

interface PageRead {
  readonly entries: readonly KeyValue[]
  readonly isLast: boolean
}

class PageReader {
  readonly #fence: Fence
  #limit = PAGE_ENTRIES_FIRST
  /** 0n until the first page has pinned it. */
  #revision = 0n
  /** The mark at that revision. */
  #mark: Buffer = Buffer.alloc(0)

  constructor(fence: Fence) {
    this.#fence = fence
  }

  async page(span: Span): Promise<PageRead> {
    for (;;) {
      try {
        return this.#taken(await this.#ask(span))
      } catch (error) {
        await this.#endure(error)
      }
    }
  }

  #ask(span: Span): Promise<TxnResponse> {
    const page = { ...span, limit: this.#limit, revision: this.#revision }
    return this.#fence.read([readPage(page)])
  }

  #taken(answer: TxnResponse): PageRead {
    if (this.#revision === 0n) {
      this.#revision = revisionOf(answer)
      this.#mark = markIn(answer, 1)
    }
    const entries = found(answer, 0)
    const bytes = entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
    if (entries.length > 0) {
      const fitting = Math.floor((PAGE_BYTES * entries.length) / Math.max(1, bytes))
      this.#limit = Math.min(PAGE_ENTRIES_MAX, Math.max(1, fitting))
    }
    return { entries, isLast: !hasMore(answer, 0) }
  }

  /** Returns when the page can be asked for again. */
  async #endure(error: unknown): Promise<void> {
    const status = error instanceof EngineError ? error.cause : undefined
    if (!(status instanceof StatusError)) throw error
    if (status.reason === 'large' && this.#limit > 1) {
      this.#limit = Math.max(1, this.#limit >> 3)
    } else if (status.reason === 'compacted') {
      await this.#pinAnew(error)
    } else {
      throw error
    }
  }

  async #pinAnew(error: unknown): Promise<void> {
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
