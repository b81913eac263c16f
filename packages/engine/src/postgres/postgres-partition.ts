/** One claim of a partition in a database. */
import type { Entry, WriteSet } from '@tenure/kernel'
import { checkCommit, COMMIT_MAX } from '../bounds.ts'
import type { CommitLimits, KeyRange, Partition } from '../engine.ts'
import { EngineError } from '../errors.ts'
import { CommitQueue } from './commit-queue.ts'
import { askFor } from './deployment.ts'
import type { Deployment } from './deployment.ts'
import { assertOwned, OWNED_COLUMNS } from './ownership.ts'
import type { Claimed } from './ownership.ts'
import { scanPartition } from './scan.ts'

const LIMITS: CommitLimits = {
  ...COMMIT_MAX,
  batchOperations: 1_024,
  batchBytes: 1024 * 1024,
}

export class PostgresPartition implements Partition {
  readonly limits: CommitLimits = LIMITS
  readonly #deployment: Deployment
  readonly #claimed: Claimed
  readonly #commits: CommitQueue
  #isClosed = false
  /** Whether a plain read proves nothing: another primary may have taken over without this one knowing. */
  #isReplicated = false
  /** A confirm that has not begun; whoever asks now shares it. */
  #nextConfirm: Promise<void> | null = null
  #lastConfirm: Promise<void> = Promise.resolve()

  constructor(deployment: Deployment, claimed: Claimed, mark: bigint) {
    this.#deployment = deployment
    this.#claimed = claimed
    this.#commits = new CommitQueue(deployment, claimed, mark, LIMITS)
  }

  get epoch(): bigint {
    return this.#claimed.epoch
  }

  async *scan(range: KeyRange): AsyncIterable<Entry> {
    this.#assertUsable()
    for await (const entry of scanPartition(this.#deployment, this.#claimed, range)) {
      this.#assertUsable()
      yield entry
    }
    this.#assertUsable()
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#run(() => {
      const statement = this.#deployment.statements.get(this.#claimed.number, key)
      return askFor(this.#deployment, statement, ([row]) => {
        assertOwned(row, this.#claimed)
        const value = row?.[OWNED_COLUMNS]
        return value instanceof Buffer ? value : undefined
      })
    })
  }

  async commit(writes: WriteSet): Promise<void> {
    return this.#run(() => this.#commits.commit(writes, checkCommit(writes, this.limits)))
  }

  async confirm(): Promise<void> {
    return this.#run(() => {
      this.#nextConfirm ??= this.#confirmAfter(this.#lastConfirm)
      return this.#nextConfirm
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }

  async #confirmAfter(last: Promise<void>): Promise<void> {
    await last.catch(() => {})
    this.#lastConfirm = this.#confirmNow()
    this.#nextConfirm = null
    return this.#lastConfirm
  }

  async #confirmNow(): Promise<void> {
    if (!this.#isReplicated) this.#isReplicated = await this.#askOwner(false)
    if (this.#isReplicated) this.#isReplicated = await this.#askOwner(true)
  }

  /** @returns whether the server has synchronous standbys */
  #askOwner(forSure: boolean): Promise<boolean> {
    const { statements } = this.#deployment
    const { number } = this.#claimed
    const statement = forSure ? statements.ownedForSure(number) : statements.owned(number)
    return askFor(this.#deployment, statement, ([row]) => {
      assertOwned(row, this.#claimed)
      return row?.[OWNED_COLUMNS] === 't'
    })
  }

  #run<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#deployment.activity.run(() => {
      this.#assertUsable()
      return work()
    })
  }

  #assertUsable(): void {
    this.#deployment.activity.check()
    if (this.#isClosed)
      throw new EngineError(`partition "${this.#claimed.name}": this claim is closed`)
  }
}
