/**
 * A handle on one named semaphore of a session's node: a counter with a limit, some data, owners and a queue.
 *
 * A handle is made without a message to the server. With a declared limit the semaphore is created on its first use if it is
 * absent, and checked if it is present.
 */
import {
  ACQUIRE_TIMEOUT_MAX_MS,
  bytesOf,
  type Count,
  COUNT_MAX,
  countOf,
  durationOf,
  nameOf,
  optionsOf,
} from './arguments.ts'
import { type Bytes, EMPTY_BYTES, sameBytes } from './bytes.ts'
import { DeclaredLimit } from './declared-limit.ts'
import { AcquireTimeoutError, errorOf, NotFoundError } from './errors.ts'
import { Lease } from './lease.ts'
import {
  type AcquireRequest,
  type Answer,
  type Description,
  type Holder,
  NO_WATCH,
  type RefusalCode,
  type Request,
} from './link/link.ts'
import { untilAbort } from './abort.ts'
import { acquire } from './session/acquisition.ts'
import { ask, type Reply, type SessionCore, unexpected } from './session/core.ts'
import { latest } from './session/latest.ts'
import type { WatchFlags } from './session/watches.ts'
import { within } from './session/within.ts'
import { wrongType } from './wrong-argument.ts'

export interface SemaphoreOptions {
  /** With it the semaphore is created on first use if absent, and checked if present. */
  readonly limit?: Count
}

export interface TryAcquireOptions {
  /** Units to take; 1 by default. The whole count is granted at once or not at all. */
  readonly count?: Count
  /** Shown with the owner or waiter. */
  readonly data?: Bytes
  /** An ephemeral semaphore is made by its first acquire and goes with its last owner and waiter. */
  readonly ephemeral?: boolean
}

export interface AcquireOptions extends TryAcquireOptions {
  /** The longest wait in milliseconds, up to a day; 0 asks once, absent or Infinity waits until `signal`. */
  readonly timeout?: number
}

export interface CreateOptions {
  /** Units that can be held at a time; never changes. */
  readonly limit: Count
  readonly data?: Bytes
}

export interface DeleteOptions {
  /** Delete it also while it is held or waited for. */
  readonly force?: boolean
}

export interface DescribeOptions {
  readonly owners?: boolean
  readonly waiters?: boolean
}

/** What to follow; without any of the three: owners and data. */
export interface WatchOptions {
  readonly owners?: boolean
  readonly data?: boolean
  /** The waiters too. The server tells of no change of the queue alone: such a change is seen half a second late at most. */
  readonly waiters?: boolean
  /** What an absent semaphore does: `'fail'` (the default) throws NotFoundError, `'wait'` yields null. */
  readonly absent?: 'fail' | 'wait'
}

export interface SemaphoreDescription {
  readonly name: string
  readonly limit: bigint
  /** Units held. */
  readonly count: bigint
  readonly data: Uint8Array
  readonly ephemeral: boolean
  /** Empty unless asked for; in the order of grants. */
  readonly owners: readonly Holder[]
  /** Empty unless asked for; in the order of the queue. */
  readonly waiters: readonly Holder[]
}

export class Semaphore {
  readonly name: string
  readonly #core: SessionCore
  readonly #declared: DeclaredLimit | null

  /** Handles come from `session.semaphore`. */
  constructor(core: SessionCore, name: string, options: SemaphoreOptions = {}) {
    const { limit } = optionsOf(options, 'the options of a semaphore')
    this.#core = core
    this.name = nameOf(name)
    this.#declared =
      limit === undefined
        ? null
        : new DeclaredLimit({
            name,
            limit: countOf(limit, 'the limit of a semaphore'),
            look: () => this.#look({}),
            create: () => this.create({ limit }),
          })
  }

  /**
   * Makes the semaphore. It stays until it is deleted, also while nobody holds it. On a YDB cluster a creation that was
   * sent again after a broken connection also resolves when a semaphore with the same limit and data is there.
   *
   * @throws AlreadyExistsError, also when it exists with the same limit and data; PreconditionFailedError when an ephemeral
   *   semaphore has the name, or the node is full
   */
  async create(options: CreateOptions, signal?: AbortSignal): Promise<void> {
    const { limit, data = EMPTY_BYTES } = optionsOf(options, 'the options of create')
    const request = {
      kind: 'create',
      name: this.name,
      limit: countOf(limit, 'the limit of a semaphore'),
      data: bytesOf(data, 'the data of a semaphore'),
    } as const
    const reply = await this.#ask(request, signal)
    const { answer, attempts } = reply
    if (isRefused(answer, 'ALREADY_EXISTS') && this.#mayBeOwnWork(attempts)) {
      // The connection broke before an answer came: the semaphore that is there may be the one that this call has made.
      const found = await this.#look({}, signal)
      if (found?.limit === request.limit && sameBytes(found.data, request.data)) return
    }
    this.#expectDone(request, reply, 'create')
  }

  /**
   * Replaces the semaphore's data. Who writes last wins; nothing has to be held for it.
   *
   * When the connection breaks before the answer, the update is sent again. Tenure's servers do it once all the same. YDB's keep no
   * memory of it: until this call returns it may be done more than once there, also over what somebody else wrote in between.
   */
  async update(data: Bytes, signal?: AbortSignal): Promise<void> {
    const bytes = bytesOf(data, 'the data of a semaphore')
    const request = { kind: 'update', name: this.name, data: bytes } as const
    await this.#whenThere(async () => {
      this.#expectDone(request, await this.#ask(request, signal), 'update')
    }, signal)
  }

  /**
   * Deletes the semaphore. With `force` its owners lose their leases and its waiters fail with AbortedError. On a YDB
   * cluster a delete that was sent again after a broken connection also resolves when somebody else has deleted the semaphore.
   *
   * @throws PreconditionFailedError when it is ephemeral, or in use and not `force`; NotFoundError
   */
  async delete(options: DeleteOptions = {}, signal?: AbortSignal): Promise<void> {
    const { force = false } = optionsOf(options, 'the options of delete')
    const request = { kind: 'delete', name: this.name, force } as const
    const reply = await this.#ask(request, signal)
    const { answer, attempts } = reply
    // The connection broke before an answer came: the attempt before has deleted it.
    if (isRefused(answer, 'NOT_FOUND') && this.#mayBeOwnWork(attempts)) return
    this.#expectDone(request, reply, 'delete')
  }

  /** Whether an earlier attempt of the same change may be why this one was refused. */
  #mayBeOwnWork(attempts: number): boolean {
    return attempts > 1 && !this.#core.connection.offers.numbersChanges
  }

  /** The semaphore as it is, with its owners and waiters if asked for. Never disturbs a running watch. */
  async describe(
    options: DescribeOptions = {},
    signal?: AbortSignal,
  ): Promise<SemaphoreDescription> {
    optionsOf(options, 'the options of describe')
    return this.#whenThere(async () => {
      const description = await this.#look(options, signal)
      if (description !== null) return publicForm(description)
      throw new NotFoundError(
        `cannot describe semaphore "${this.name}": it does not exist; create it first`,
      )
    }, signal)
  }

  /**
   * Takes `count` units, waiting in line behind earlier callers, of this session and of others.
   *
   * @throws AcquireTimeoutError; InvalidArgumentError (count above the limit); NotFoundError; AbortedError when the semaphore
   *   is deleted meanwhile; the reason of `signal`. The place in line is then given back.
   */
  async acquire(options: AcquireOptions = {}, signal?: AbortSignal): Promise<Lease> {
    const { timeout = Infinity } = optionsOf(options, 'the options of an acquire')
    const timeoutMs =
      timeout === Infinity
        ? null
        : durationOf(timeout, 'the timeout of an acquire', { min: 0, max: ACQUIRE_TIMEOUT_MAX_MS })
    const lease = await this.#take(this.#acquireRequest(options, timeoutMs), timeoutMs, signal)
    if (lease === null) throw this.#late(timeoutMs)
    return lease
  }

  /** Takes `count` units if they are free and nobody waits; null when it would have to wait. */
  async tryAcquire(options: TryAcquireOptions = {}, signal?: AbortSignal): Promise<Lease | null> {
    optionsOf(options, 'the options of an acquire')
    return this.#take(this.#acquireRequest(options, 0), null, signal)
  }

  /**
   * The state first, then again after every change of what was asked, through any number of reconnects. A slow reader misses
   * states in between, never the last one. Ends by throwing: the reason of `signal`, the end of the session, NotFoundError.
   */
  watch(
    options: WatchOptions & { readonly absent: 'wait' },
    signal?: AbortSignal,
  ): AsyncIterable<SemaphoreDescription | null>
  watch(options?: WatchOptions, signal?: AbortSignal): AsyncIterable<SemaphoreDescription>
  watch(
    options: WatchOptions = {},
    signal?: AbortSignal,
  ): AsyncIterable<SemaphoreDescription | null> {
    const { absent = 'fail' } = optionsOf(options, 'the options of a watch')
    const { clock, connection, watches } = this.#core
    return latest<SemaphoreDescription | null>(
      clock,
      (sink) => {
        let stop: (() => void) | null = null
        let isStopped = false
        const begin = (): void => {
          if (isStopped) return
          const { reason } = connection
          if (reason !== null) {
            sink.fail(reason)
            return
          }
          stop = watches.subscribe(this.name, {
            flags: flagsOf(options),
            waitsWhenAbsent: absent === 'wait',
            push: (description) => sink.push(description && publicForm(description)),
            fail: (error) => sink.fail(error),
          })
        }
        if (this.#declared === null) begin()
        else this.#declared.exists().then(begin, (error: unknown) => sink.fail(error))
        return () => {
          isStopped = true
          stop?.()
        }
      },
      signal,
    )
  }

  async #take(
    request: AcquireRequest,
    timeoutMs: number | null,
    signal: AbortSignal | undefined,
  ): Promise<Lease | null> {
    const core = this.#core
    const take = async (asked: AcquireRequest): Promise<Lease | null> => {
      const grant = await acquire({ core, request: asked, timeoutMs, signal })
      if (grant === null) return null
      // The session may have ended in the very moment of the grant, and tells only leases that are there.
      const { reason } = core.connection
      if (reason !== null) throw reason
      return new Lease(core, { request, token: grant.token })
    }
    const declared = this.#declared
    if (declared === null) return take(request)
    if (core.connection.offers.createsOnAcquire) {
      const taken = await declared.takeFirst((createLimit) => take({ ...request, createLimit }))
      if (taken !== undefined) return taken
    }
    if (timeoutMs !== null) {
      const existence = untilAbort(declared.exists(), signal)
      await within({ clock: core.clock, timeoutMs, late: () => this.#late(timeoutMs) }, existence)
    }
    return declared.whenThere(() => take(request), signal)
  }

  #acquireRequest(
    { count = 1, data = EMPTY_BYTES, ephemeral = false }: TryAcquireOptions,
    timeoutMs: number | null,
  ): AcquireRequest {
    if (ephemeral && this.#declared !== null) {
      throw wrongType(`semaphore "${this.name}" has a limit of its own, so it cannot be ephemeral`)
    }
    return {
      kind: 'acquire',
      name: this.name,
      count: countOf(count, 'the count of an acquire'),
      data: bytesOf(data, 'the data of an acquire'),
      timeoutMs: timeoutMs === null ? COUNT_MAX : BigInt(timeoutMs),
      ephemeral,
    }
  }

  #late(timeoutMs: number | null): AcquireTimeoutError {
    return new AcquireTimeoutError(
      `cannot acquire semaphore "${this.name}": not free within ${timeoutMs} ms; wait longer, or see who holds it with describe`,
    )
  }

  #ask(request: Request, signal: AbortSignal | undefined): Promise<Reply> {
    return ask(this.#core.connection, request, signal)
  }

  #expectDone(request: Request, { answer }: Reply, verb: string): void {
    if (answer.kind === 'done') return
    if (answer.kind !== 'refused') throw unexpected(request, answer)
    throw errorOf(answer, `cannot ${verb} semaphore "${this.name}"`)
  }

  /** @returns null when the semaphore does not exist */
  async #look(
    { owners = false, waiters = false }: DescribeOptions,
    signal?: AbortSignal,
  ): Promise<Description | null> {
    const request = { kind: 'describe', name: this.name, owners, waiters, ...NO_WATCH } as const
    const { answer } = await this.#ask(request, signal)
    if (answer.kind === 'described') return answer.description
    if (answer.kind !== 'refused') throw unexpected(request, answer)
    if (answer.code === 'NOT_FOUND') return null
    throw errorOf(answer, `cannot describe semaphore "${this.name}"`)
  }

  #whenThere<T>(act: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return this.#declared === null ? act() : this.#declared.whenThere(act, signal)
  }
}

function isRefused(answer: Answer, code: RefusalCode): boolean {
  return answer.kind === 'refused' && answer.code === code
}

function flagsOf({ owners, data, waiters }: WatchOptions): WatchFlags {
  const isAll = owners === undefined && data === undefined && waiters === undefined
  const hasOwners = owners ?? isAll
  return {
    owners: hasOwners,
    waiters: waiters ?? false,
    watchData: data ?? isAll,
    watchOwners: hasOwners,
  }
}

function publicForm(description: Description): SemaphoreDescription {
  const { name, limit, data, ephemeral, owners, waiters } = description
  return { name, limit, count: description.held, data, ephemeral, owners, waiters }
}
