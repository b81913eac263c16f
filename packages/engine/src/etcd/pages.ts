/** Keys and values of a span as they were at one revision, in pages that are bounded in bytes. */
import { EngineError } from '../errors.ts'
import type { KeyValue, TxnResponse } from './gen/etcd/v3/etcd_pb.ts'
import type { Span } from './layout.ts'
import { found, hasMore, type Operation, readPage } from './operation.ts'
import { StatusError } from './status.ts'

const PAGE_BYTES = 1024 * 1024
const PAGE_ENTRIES_FIRST = 256
const PAGE_ENTRIES_MAX = 4096

/** Where a reader is. */
export interface Pin {
  /** The revision, and 0n for the present, at which `seen` then pins it. */
  readonly revision: bigint
  readonly ask: (page: Operation) => Promise<TxnResponse>
  readonly seen: (answer: TxnResponse) => void
  /** The revision is gone: resolves when there is another that shows the same. @throws EngineError when there is none */
  readonly compacted: (error: EngineError) => Promise<void>
}

export async function* entriesOf(pin: Pin, { key, rangeEnd }: Span): AsyncIterable<KeyValue> {
  let [start, limit] = [key, PAGE_ENTRIES_FIRST]
  for (;;) {
    let answer: TxnResponse
    try {
      answer = await pin.ask(readPage({ key: start, rangeEnd, limit, revision: pin.revision }))
    } catch (error) {
      limit = await endured(pin, error, limit)
      continue
    }
    pin.seen(answer)
    const entries = found(answer, 0)
    yield* entries
    const last = entries.at(-1)
    if (!hasMore(answer, 0) || last === undefined) return
    start = afterKey(last.key)
    limit = limitFor(entries)
  }
}

/** The least key that is greater. */
export function afterKey(key: Uint8Array): Uint8Array {
  return Buffer.concat([key, Buffer.alloc(1)])
}

/** @returns how many entries are asked for next time */
async function endured(pin: Pin, error: unknown, limit: number): Promise<number> {
  if (!(error instanceof EngineError && error.cause instanceof StatusError)) throw error
  const { reason } = error.cause
  if (reason === 'compacted') {
    await pin.compacted(error)
    return limit
  }
  if (reason === 'large' && limit > 1) return Math.max(1, limit >> 3)
  throw error
}

function limitFor(entries: readonly KeyValue[]): number {
  const bytes = entries.reduce((sum, { key, value }) => sum + key.length + value.length, 1)
  const fitting = Math.floor((PAGE_BYTES * entries.length) / bytes)
  return Math.min(PAGE_ENTRIES_MAX, Math.max(1, fitting))
}
