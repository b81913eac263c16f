/**
 * What the declared limit of a handle stands for: its semaphore is created on first use if it is absent, and checked if it is present,
 * once for all uses of the handle.
 */
import { AlreadyExistsError, NotFoundError, SemaphoreLimitMismatchError } from './errors.ts'
import type { Description } from './link/link.ts'
import { untilAbort } from './abort.ts'

export interface DeclaredLimitOptions {
  readonly name: string
  readonly limit: bigint
  /** @returns null when the semaphore does not exist */
  look(): Promise<Description | null>
  /** @throws AlreadyExistsError */
  create(): Promise<void>
}

export class DeclaredLimit {
  readonly #options: DeclaredLimitOptions
  #existence: Promise<void> | null = null

  constructor(options: DeclaredLimitOptions) {
    this.#options = options
  }

  /** Creates or checks. @throws SemaphoreLimitMismatchError */
  exists(): Promise<void> {
    if (this.#existence === null) {
      const existence = this.#establish()
      this.#existence = existence
      // The next use tries again; those who wait for this attempt get its error.
      existence.catch(() => {
        if (this.#existence === existence) this.#existence = null
      })
    }
    return this.#existence
  }

  /** Does what needs the semaphore. One that somebody has deleted meanwhile is made anew, once. */
  async whenThere<T>(act: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    await untilAbort(this.exists(), signal)
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error
      this.#existence = null
      await untilAbort(this.exists(), signal)
      return act()
    }
  }

  /**
   * Where an acquire can create and check by itself, the first one does.
   *
   * @param take the acquire, given the limit
   * @returns undefined when the semaphore has to be created or checked before an acquire all the same: only a look at it tells which
   *   limit it has
   */
  async takeFirst<T>(
    take: (createLimit: bigint) => Promise<T | null>,
  ): Promise<T | null | undefined> {
    if (this.#existence !== null) return undefined
    try {
      const taken = await take(this.#options.limit)
      if (taken !== null) this.#existence ??= Promise.resolve()
      return taken
    } catch (error) {
      if (error instanceof SemaphoreLimitMismatchError || error instanceof NotFoundError) {
        return undefined
      }
      throw error
    }
  }

  async #establish(): Promise<void> {
    const { name, limit } = this.#options
    // A turn that fails means that somebody else has created or deleted the semaphore at this moment.
    for (;;) {
      const found = await this.#options.look()
      if (found !== null) {
        if (found.limit === limit) return
        throw new SemaphoreLimitMismatchError(
          `semaphore "${name}" has limit ${found.limit}, this handle declares ${limit}; declare the same limit, or delete it`,
        )
      }
      try {
        await this.#options.create()
        return
      } catch (error) {
        if (!(error instanceof AlreadyExistsError)) throw error
      }
    }
  }
}
