/**
 * All that is written to a store, one after the other.
 *
 * Commits go to the journal: all that wait when it is written to make one group, and share one sync of the disk. Claims are
 * written to LMDB, those that wait as one transaction. What comes meanwhile makes the next of either.
 */
import type { WriteSet } from '@tenure/kernel'
import { EngineError, FullError } from '../errors.ts'
import { failureOf } from './failure.ts'
import { encodeGroup, bytesInGroup } from './journal/group.ts'
import { GROUP_BYTES_MAX } from './journal/journal.ts'
import type { JournaledWrites } from './journal/journaled-writes.ts'
import type { Claim, Store } from './store.ts'
import type { Transactions } from './transactions.ts'
import { Turns } from './turns.ts'

/** The most jobs that are written together. */
const GROUP_JOBS_MAX = 1024

interface Settled {
  readonly resolve: () => void
  readonly reject: (error: EngineError) => void
}

/** The writes of one commit. */
interface CommitJob extends Settled {
  readonly kind: 'commit'
  readonly claim: Claim
  readonly writes: WriteSet
  readonly bytes: number
}

/** What is done in a transaction of LMDB. */
export interface Work {
  /** Runs inside. An EngineError refuses this work alone, so it is thrown before its first write. */
  readonly apply: () => void
  /** Runs when it is on disk, before anything else is written. */
  readonly applied?: () => void
}

interface WorkJob extends Settled {
  readonly kind: 'work'
  readonly work: Work
}

/** Done when LMDB has all that was written before. */
interface RestJob extends Settled {
  readonly kind: 'rest'
  readonly work: () => void
}

type Job = CommitJob | WorkJob | RestJob

export interface WriteQueueParts {
  readonly place: string
  readonly store: Store
  readonly transactions: Transactions
  readonly writes: JournaledWrites
}

export class WriteQueue {
  readonly #parts: WriteQueueParts
  readonly #turns = new Turns()
  readonly #failed = new AbortController()
  #waiting: Job[] = []
  #running: Promise<void> | null = null

  constructor(parts: WriteQueueParts) {
    this.#parts = parts
    parts.writes.onFailure((failure) => this.fail(failure))
  }

  /** Aborts once something was written with an unknown outcome; nothing is read or written from then on. */
  get failed(): AbortSignal {
    return this.#failed.signal
  }

  /** Nothing is read or written from now on. */
  fail(failure: EngineError): void {
    this.#parts.transactions.fail(failure)
    this.#failed.abort(failure)
  }

  /** Resolves when the writes are on disk. */
  commit(claim: Claim, writes: WriteSet): Promise<void> {
    const bytes = bytesInGroup(writes)
    return this.#enter((settled) => ({ kind: 'commit', claim, writes, bytes, ...settled }))
  }

  /** Resolves when it is done and on disk. */
  transact(work: Work): Promise<void> {
    return this.#enter((settled) => ({ kind: 'work', work, ...settled }))
  }

  /** Does `work` when LMDB has all that was written before, and nothing else. */
  atRest(work: () => void): Promise<void> {
    return this.#enter((settled) => ({ kind: 'rest', work, ...settled }))
  }

  /** Resolves when no job waits or runs. */
  async drained(): Promise<void> {
    while (this.#running !== null) await this.#running
  }

  #enter(jobOf: (settled: Settled) => Job): Promise<void> {
    if (this.failed.aborted) return Promise.reject(this.failed.reason)
    return new Promise((resolve, reject) => {
      this.#waiting.push(jobOf({ resolve, reject }))
      this.#running ??= this.#run()
    })
  }

  async #run(): Promise<void> {
    // The jobs of this turn's other callers join the first group.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      await this.#turns.pass()
      await this.#write(this.#nextGroup())
    }
    this.#running = null
  }

  /** Those that wait first, as far as they can be written together. */
  #nextGroup(): readonly Job[] {
    let bytes = 0
    let count = 0
    for (const job of this.#waiting) {
      bytes += job.kind === 'commit' ? job.bytes : 0
      const joins = job.kind === this.#waiting[0]?.kind && bytes <= GROUP_BYTES_MAX
      if (count > 0 && (!joins || count === GROUP_JOBS_MAX)) break
      count += 1
    }
    return this.#waiting.splice(0, count)
  }

  async #write(group: readonly Job[]): Promise<void> {
    const refused = new Map<Job, EngineError>()
    try {
      this.failed.throwIfAborted()
      await this.#writeAll(group, refused)
    } catch (error) {
      const failure = await failureOf(this.#parts.place, error)
      if (!(failure instanceof FullError)) this.fail(failure)
      for (const job of group) job.reject(failure)
      return
    }
    for (const job of group) {
      const refusal = refused.get(job)
      if (refusal === undefined) job.resolve()
      else job.reject(refusal)
    }
  }

  async #writeAll(group: readonly Job[], refused: Map<Job, EngineError>): Promise<void> {
    const { writes, transactions } = this.#parts
    const commits = group.filter((job) => job.kind === 'commit')
    if (commits.length > 0) {
      await this.#commit(commits, refused)
      return
    }
    const works = group.filter((job) => job.kind === 'work')
    if (works.length > 0) {
      await transactions.run({
        apply: () => {
          for (const job of works) attempt(job, job.work.apply, refused)
        },
      })
      for (const job of works) if (!refused.has(job)) job.work.applied?.()
      return
    }
    await writes.rest()
    for (const job of group) if (job.kind === 'rest') attempt(job, job.work, refused)
  }

  async #commit(jobs: readonly CommitJob[], refused: Map<Job, EngineError>): Promise<void> {
    const { store, writes } = this.#parts
    for (const job of jobs) {
      attempt(job, () => store.assertOwned(job.claim), refused)
      store.inspect(job.claim.number, job.writes)
    }
    const parts = jobs
      .filter((job) => !refused.has(job))
      .map(({ claim, writes }) => ({ number: claim.number, writes }))
    if (parts.length === 0) return
    await writes.append(encodeGroup(parts))
  }
}

/** Does `work`; an EngineError refuses the job. */
function attempt(job: Job, work: () => void, refused: Map<Job, EngineError>): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    refused.set(job, error)
  }
}
