/**
 * What is left of writes in order when only their end counts: then the order of the parts no longer matters, and they can
 * be done together.
 */
import type { Put, Write } from '@tenure/kernel'

/** No key is in two of the parts. */
export interface NetEffect {
  readonly puts: readonly Put[]
  readonly deletes: readonly Uint8Array[]
  /** Ascending, apart from each other. */
  readonly ranges: readonly Span[]
}

/** From `start` (inclusive) to `end` (exclusive). */
interface Span {
  readonly start: Uint8Array
  readonly end: Uint8Array
}

export function netEffect(writes: readonly Write[]): NetEffect {
  const last = new Map<string, Write & { kind: 'put' | 'delete' }>()
  const cleared = new Spans()
  // From the end: what a later write has decided, an earlier one does not change.
  for (let at = writes.length - 1; at >= 0; at -= 1) {
    const write = writes[at]
    if (write === undefined) continue
    if (write.kind === 'delete-range') {
      cleared.add(write)
    } else {
      const name = nameOf(write.key)
      if (!last.has(name) && !cleared.has(write.key)) last.set(name, write)
    }
  }
  const puts: Put[] = []
  const deletes: Uint8Array[] = []
  for (const write of last.values()) {
    if (write.kind === 'put') puts.push(write)
    else if (!cleared.has(write.key)) deletes.push(write.key)
  }
  for (const { key } of puts) cleared.cut(key)
  return { puts, deletes, ranges: cleared.spans }
}

/** The first key after this one. */
export function after(key: Uint8Array): Buffer {
  return Buffer.concat([key, ZERO])
}

const ZERO = Buffer.of(0)

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

/** A set of keys as ranges that do not touch. */
class Spans {
  readonly spans: Span[] = []

  has(key: Uint8Array): boolean {
    const span = this.spans[this.#before(key)]
    return span !== undefined && Buffer.compare(key, span.end) < 0
  }

  add({ start, end }: Span): void {
    if (Buffer.compare(start, end) >= 0) return
    const before = this.spans[this.#before(start)]
    const joins = before !== undefined && Buffer.compare(start, before.end) <= 0
    const from = this.#before(start) + (joins ? 0 : 1)
    const through = this.#before(end)
    const lastEnd = this.spans[through]?.end ?? end
    const merged = {
      start: joins ? before.start : start,
      end: through >= from && Buffer.compare(lastEnd, end) > 0 ? lastEnd : end,
    }
    this.spans.splice(from, through - from + 1, merged)
  }

  /** Takes one key out. */
  cut(key: Uint8Array): void {
    const at = this.#before(key)
    const span = this.spans[at]
    if (span === undefined || Buffer.compare(key, span.end) >= 0) return
    const next = after(key)
    const parts: Span[] = []
    if (Buffer.compare(span.start, key) < 0) parts.push({ start: span.start, end: key })
    if (Buffer.compare(next, span.end) < 0) parts.push({ start: next, end: span.end })
    this.spans.splice(at, 1, ...parts)
  }

  /** Which span is the last to start at or before the key; -1 when none does. */
  #before(key: Uint8Array): number {
    let [low, high] = [0, this.spans.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const span = this.spans[middle]
      if (span !== undefined && Buffer.compare(span.start, key) <= 0) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
