/**
 * A range of records, read as one moment.
 *
 * A page is bounded by the server. What does not fit in one is read by pages that hold their moment on the server; when that is gone, since
 * too many were held or the session was lost, the range is read from its start again.
 */
import { Backoff } from '../backoff.ts'
import { AbortedError } from '../errors.ts'
import type { Request } from '../link/link.ts'
import { pause } from '../pause.ts'
import type { SessionGround } from '../session.ts'
import type { AnswerOf } from './answers.ts'
import type { HalfOpenRange } from './keys.ts'
import { type Record, recordOf } from './record.ts'

type PageRequest = Extract<Request, { readonly kind: 'range-records' }>
type Page = AnswerOf<'records-listed'>

export interface RangeReading {
  readonly range: HalfOpenRange
  /** Only keys after this one. */
  readonly after: Uint8Array | null
  /** null for all. */
  readonly limit: number | null
  readonly ask: (request: PageRequest) => Promise<Page>
}

/** What a range has held at one moment. */
export interface Moment {
  readonly records: readonly Record[]
  readonly version: bigint
}

/** Records that a server gives in one page at most, by default. */
const PAGE_RECORDS_MAX = 1000

export async function readRange(
  ground: SessionGround,
  reading: RangeReading,
  signal: AbortSignal | undefined,
): Promise<Moment> {
  const backoff = new Backoff(ground.random)
  // A moment that is held costs the server memory: what is likely to fit in one page is asked for without.
  let holds = reading.limit === null || reading.limit > PAGE_RECORDS_MAX
  for (;;) {
    const moment = await readPages(reading, holds)
    if (moment !== null) return moment
    if (holds) await pause(ground.clock, backoff.nextMs(), signal)
    holds = true
  }
}

/** @returns null when the range must be read anew */
async function readPages(
  { range, after, limit, ask }: RangeReading,
  hold: boolean,
): Promise<Moment | null> {
  const records: Record[] = []
  let last = after
  let atVersion = 0n
  for (;;) {
    const wanted = Math.min((limit ?? Infinity) - records.length, PAGE_RECORDS_MAX)
    const request = { kind: 'range-records', ...range, after: last, hold, atVersion } as const
    let page: Page
    try {
      page = await ask({ ...request, limit: limit === null ? 0 : wanted })
    } catch (error) {
      if (error instanceof AbortedError && atVersion > 0n) return null
      throw error
    }
    for (const message of page.records) records.push(recordOf(message))
    atVersion = page.version
    last = page.records.at(-1)?.key ?? last
    if (!page.more || records.length === limit) return { records, version: atVersion }
    if (!hold) return null
  }
}
