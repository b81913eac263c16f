/**
 * A watch of a range: what is there, then whatever changes, without a gap, through any number of reconnects.
 *
 * The server is asked for the changes after a version, once for each batch, and only when the reader has taken the batch before: what a slow
 * reader has not taken stays in the server's history. When that does not reach back far enough the range is read anew.
 */
import { Backoff } from '../backoff.ts'
import { AbortedError, InvalidArgumentError, TenureError } from '../errors.ts'
import type { Request } from '../link/link.ts'
import { LinkedAbort } from '../recipes/linked-abort.ts'
import { pause } from '../pause.ts'
import { type AnswerOf, askFor } from './answers.ts'
import type { HalfOpenRange } from './keys.ts'
import { readRange } from './range.ts'
import { type Key, keyFrom, type Record, recordOf } from './record.ts'
import type { StorageSession } from './storage-session.ts'

export type RecordChange =
  | { readonly kind: 'put'; readonly record: Record }
  | { readonly kind: 'deleted'; readonly key: Key; readonly version: bigint }

/** `version`: nothing up to here is missing, so that a watch from it goes on where this one has ended. */
export type WatchBatch =
  /** All that the range holds; `'reset'` when it replaces what was said before. */
  | {
      readonly kind: 'snapshot' | 'reset'
      readonly records: readonly Record[]
      readonly version: bigint
    }
  /** Whole commits, in the order of their versions. */
  | {
      readonly kind: 'changes'
      readonly changes: readonly RecordChange[]
      readonly version: bigint
    }

export interface RecordWatchTerms {
  readonly range: HalfOpenRange
  /** null: begins with a snapshot. */
  readonly fromVersion: bigint | null
  /** What is watched, for messages. */
  readonly asked: () => string
}

/** Each iteration begins anew. */
export function watchRecords(
  session: StorageSession,
  terms: RecordWatchTerms,
  signal: AbortSignal | undefined,
): AsyncIterable<WatchBatch> {
  return { [Symbol.asyncIterator]: () => new RecordWatch(session, terms, signal) }
}

class RecordWatch implements AsyncIterator<WatchBatch, undefined> {
  readonly #session: StorageSession
  readonly #terms: RecordWatchTerms
  readonly #backoff: Backoff
  readonly #end: LinkedAbort
  readonly #batches: AsyncGenerator<WatchBatch, undefined, undefined>
  #hasReturned = false

  constructor(session: StorageSession, terms: RecordWatchTerms, signal: AbortSignal | undefined) {
    this.#session = session
    this.#terms = terms
    this.#backoff = new Backoff(session.ground.random)
    this.#end = new LinkedAbort(signal)
    this.#batches = this.#follow()
  }

  async next(): Promise<IteratorResult<WatchBatch, undefined>> {
    try {
      return await this.#batches.next()
    } catch (error) {
      if (this.#hasReturned) return { done: true, value: undefined }
      throw error
    }
  }

  async return(): Promise<IteratorResult<WatchBatch, undefined>> {
    this.#hasReturned = true
    // What is under way must end first: a generator takes its return only when it stands still.
    this.#end.abort(new AbortedError('the reader of the watch has gone'))
    await this.#batches.return(undefined)
    this.#end[Symbol.dispose]()
    return { done: true, value: undefined }
  }

  async *#follow(): AsyncGenerator<WatchBatch, undefined, undefined> {
    try {
      let version = this.#terms.fromVersion
      let kind: 'snapshot' | 'reset' = version === null ? 'snapshot' : 'reset'
      let hasAnswered = false
      for (;;) {
        this.#end.signal.throwIfAborted()
        if (version === null) {
          const snapshot = await this.#snapshot()
          ;({ version } = snapshot)
          yield { kind, ...snapshot }
          kind = 'reset'
        } else {
          const changed = await this.#changed(version, hasAnswered)
          version = changed?.version ?? null
          if (changed !== null && changed.changes.length > 0) {
            yield {
              kind: 'changes',
              changes: changed.changes.map(changeOf),
              version: changed.version,
            }
          }
        }
        hasAnswered = true
      }
    } finally {
      this.#end[Symbol.dispose]()
    }
  }

  #snapshot(): ReturnType<typeof readRange> {
    const { range } = this.#terms
    const ask = (
      request: Extract<Request, { readonly kind: 'range-records' }>,
    ): Promise<AnswerOf<'records-listed'>> => this.#ask(request, 'records-listed')
    return readRange(
      this.#session.ground,
      { range, after: null, limit: null, ask },
      this.#end.signal,
    )
  }

  /** @returns null when the range must be read anew */
  async #changed(
    fromVersion: bigint,
    hasAnswered: boolean,
  ): Promise<AnswerOf<'records-changed'> | null> {
    const request = { kind: 'watch-records', ...this.#terms.range, fromVersion } as const
    try {
      const answer = await this.#ask(request, 'records-changed')
      return answer.reset ? null : answer
    } catch (error) {
      // A version that the server itself has told is from its future: it has lost its data.
      if (error instanceof InvalidArgumentError && hasAnswered) return null
      throw error
    }
  }

  /** Asks again whatever may pass. */
  async #ask<K extends 'records-listed' | 'records-changed'>(
    request: Request,
    kind: K,
  ): Promise<AnswerOf<K>> {
    const { asked } = this.#terms
    for (;;) {
      try {
        const asking = { request, asked, isPatient: true }
        const answer = await askFor(this.#session, asking, kind, this.#end.signal)
        this.#backoff.reset()
        return answer
      } catch (error) {
        this.#end.signal.throwIfAborted()
        const mayPass = error instanceof TenureError && error.retryable
        if (!mayPass || error instanceof AbortedError) throw error
      }
      await pause(this.#session.ground.clock, this.#backoff.nextMs(), this.#end.signal)
    }
  }
}

function changeOf(change: AnswerOf<'records-changed'>['changes'][number]): RecordChange {
  if (change.kind === 'put') return { kind: 'put', record: recordOf(change.record) }
  return { kind: 'deleted', key: keyFrom(change.key), version: change.version }
}
