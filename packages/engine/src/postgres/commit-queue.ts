/**
 * The commits of one claim, one statement at a time, in the order of the calls. What is asked for while one is under way goes into
 * the next together.
 *
 * Each statement raises the partition's mark by one, and takes effect only if that was as the commit before has left it. So it can
 * be sent again without fear when its answer is lost, even if the first try is still on its way: only one of the two finds the mark as it was.
 */
import type { Write, WriteSet } from '@tenure/kernel'
import type { CommitLimits } from '../engine.ts'
import { EngineError, FencedError, FullError } from '../errors.ts'
import { askFor } from './deployment.ts'
import type { Deployment } from './deployment.ts'
import { reasonOf, verdictOf } from './failure.ts'
import type { Statement } from './link.ts'
import { netEffect } from '../net-effect.ts'
import type { Claimed } from './ownership.ts'
import { ownedOf } from './ownership.ts'
import { Patience } from './patience.ts'

interface Job {
  readonly writes: WriteSet
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class CommitQueue {
  readonly #deployment: Deployment
  readonly #claimed: Claimed
  readonly #limits: CommitLimits
  readonly #jobs: Job[] = []
  /** As the last commit has left it. */
  #mark: bigint
  #isBusy = false
  /** After it nothing can be committed any more. */
  #failure: EngineError | null = null

  constructor(deployment: Deployment, claimed: Claimed, mark: bigint, limits: CommitLimits) {
    this.#deployment = deployment
    this.#claimed = claimed
    this.#mark = mark
    this.#limits = limits
  }

  /** @param bytes of keys and values */
  commit(writes: WriteSet, bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ writes, bytes, resolve, reject })
      if (!this.#isBusy) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#isBusy = true
    while (this.#jobs.length > 0) {
      const group = this.#take()
      try {
        if (this.#failure !== null) throw this.#failure
        await this.#write(group.flatMap(({ writes }) => writes))
        for (const { resolve } of group) resolve()
      } catch (error) {
        if (!(error instanceof FullError) && error instanceof EngineError) this.#failure = error
        for (const { reject } of group) reject(error)
      }
    }
    this.#isBusy = false
  }

  /** The first, and what fits into one statement with it. */
  #take(): readonly Job[] {
    const { batchOperations, batchBytes } = this.#limits
    let [count, operations, bytes] = [0, 0, 0]
    for (const job of this.#jobs) {
      operations += job.writes.length
      bytes += job.bytes
      if (count > 0 && (operations > batchOperations || bytes > batchBytes)) break
      count += 1
    }
    return this.#jobs.splice(0, count)
  }

  async #write(writes: readonly Write[]): Promise<void> {
    const { statements, patience } = this.#deployment
    const fence = { ...this.#claimed, mark: this.#mark }
    const statement = statements.commit(fence, netEffect(writes))
    const turns = new Patience(patience)
    /** Whether a try may have taken effect. */
    let isUnknown = false
    for (;;) {
      try {
        if (isUnknown && (await this.#isDone(isUnknown))) break
        if ((await this.#try(statement)) || (await this.#isDone(isUnknown))) break
        throw new EngineError(`${this.#title}: its mark fits, and nothing was written`)
      } catch (error) {
        const verdict = verdictOf(error)
        // An earlier try may still come through: that nothing was written cannot be said any more.
        if (isUnknown && verdict === 'full') throw unknown(this.#title, error)
        isUnknown ||= verdict === 'unknown'
        await turns.after(error)
      }
    }
    this.#mark += 1n
  }

  /** @returns false when the fence did not hold */
  #try(statement: Statement): Promise<boolean> {
    const { connections, mustSync } = this.#deployment
    return connections.use(async (link) => {
      const [[durability = null] = []] = await link.run(statement)
      // A pooler hands sessions on, with what others have set in them.
      if (durability === 'off' && mustSync) {
        throw new EngineError(
          `${this.#title}: synchronous_commit was off: let nobody who shares the pooler set it for a session`,
        )
      }
      return durability !== null
    })
  }

  /**
   * Whether the commit has taken effect, and is durable. Waits for tries that are under way.
   *
   * @throws FencedError when another claim stands, and nothing was written; EngineError when that is unknown
   */
  async #isDone(isUnknown: boolean): Promise<boolean> {
    const { name, number, epoch } = this.#claimed
    const statement = this.#deployment.statements.ownedForSure(number)
    const owned = await askFor(this.#deployment, statement, ([row]) => ownedOf(row))
    if (owned?.ownership.epoch !== epoch) {
      const fenced = FencedError.by(name, epoch, owned?.ownership ?? null)
      throw isUnknown ? unknown(this.#title, fenced) : fenced
    }
    const { mark } = owned
    if (mark === this.#mark) return false
    if (mark === this.#mark + 1n && isUnknown) return true
    throw new EngineError(
      `${this.#title}: its mark is ${mark}, and commits up to ${this.#mark} were acknowledged: the database has lost some, or was written by hand`,
    )
  }

  get #title(): string {
    return `${this.#deployment.title}, partition "${this.#claimed.name}"`
  }
}

function unknown(title: string, cause: unknown): EngineError {
  const message = `${title}: whether a commit was written is unknown, and ${reasonOf(cause)}`
  return new EngineError(message, { cause })
}
