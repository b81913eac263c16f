/**
 * One round of a worker: its life in one session.
 *
 * Each task that the worker wants or runs has one activity, from joining the queue to having given the task back. Activities
 * change the round's state and ring; one loop looks at the state and decides what to start and what to stop.
 */
import { Backoff } from '../backoff.ts'
import type { Clock } from '../clock.ts'
import type { Lease } from '../lease.ts'
import type { Random } from '../random.ts'
import type { Semaphore } from '../semaphore.ts'
import type { Session } from '../session.ts'
import { Bell } from './bell.ts'
import { LinkedAbort } from './linked-abort.ts'
import { pause } from '../pause.ts'
import { type TaskLease, WorkerTask } from './worker-task.ts'
import type { WorkersOptions } from './worker-options.ts'

/** A task with what the round needs to get and to run it. */
interface Post {
  readonly task: WorkerTask
  readonly semaphore: Semaphore
  readonly backoff: Backoff
}

/** Passed: the task went back unrun. */
type Outcome = 'done' | 'failed' | 'passed'

interface Surroundings {
  readonly clock: Clock
  readonly random: Random
}

export class WorkerRound {
  readonly #session: Session
  readonly #options: WorkersOptions
  readonly #surroundings: Surroundings
  readonly #bell = new Bell()
  /** Posts without an activity. */
  readonly #idle: Set<Post>
  /** Ends the acquires of the present fill; null while there is no room. */
  #fill: LinkedAbort | null = null
  /** Activities that have not ended. */
  #active = 0
  #running = 0
  /** All that were ever started. */
  #started = 0
  #failure: { readonly error: unknown } | null = null

  constructor(session: Session, options: WorkersOptions, surroundings: Surroundings) {
    this.#session = session
    this.#options = options
    this.#surroundings = surroundings
    this.#idle = new Set(postsOf(session, options, surroundings.random))
  }

  /**
   * Gets and runs tasks until the session is lost or `signal` aborts. Settles when all queues are left and all tasks settled.
   *
   * @throws what an acquire threw, or a task whose error nobody takes
   */
  async run(signal?: AbortSignal): Promise<void> {
    using over = new LinkedAbort(signal, this.#session.signal)
    over.signal.addEventListener('abort', () => this.#bell.ring())
    for (;;) {
      if (this.#failure !== null) over.abort(this.#failure.error)
      this.#adjust(over.signal)
      if (over.signal.aborted && this.#active === 0) break
      await this.#bell.heard()
    }
    if (this.#failure !== null) throw this.#failure.error
  }

  /** Fills while there is room; leaves all queues when there is none. */
  #adjust(over: AbortSignal): void {
    if (over.aborted || !this.#hasRoom()) {
      this.#fill?.abort(new Error('this worker is full'))
      this.#fill?.[Symbol.dispose]()
      this.#fill = null
      return
    }
    this.#fill ??= new LinkedAbort(over)
    for (const post of shuffled(this.#idle, this.#surroundings.random)) {
      this.#idle.delete(post)
      this.#active += 1
      void this.#serve(post, this.#fill.signal, over)
    }
  }

  #hasRoom(): boolean {
    const taken = this.#refills ? this.#running : this.#started
    return taken < this.#options.capacity
  }

  get #refills(): boolean {
    return this.#options.refill ?? true
  }

  /** The whole activity of one post. Never rejects. */
  async #serve(post: Post, fill: AbortSignal, over: AbortSignal): Promise<void> {
    let outcome: Outcome = 'done'
    try {
      outcome = await this.#attempt(post, fill, over)
    } catch (error) {
      this.#failure ??= { error }
    }
    if (outcome === 'failed') await this.#rest(post, over)
    this.#active -= 1
    if (outcome === 'passed' || this.#refills) this.#idle.add(post)
    this.#bell.ring()
  }

  async #attempt(post: Post, fill: AbortSignal, over: AbortSignal): Promise<Outcome> {
    await using lease = await this.#acquire(post, fill)
    // Several grants may cross; those that do not fit go back at once.
    if (lease === null || over.aborted || !this.#hasRoom()) return 'passed'
    return await this.#execute(post, lease, over)
  }

  /** Keeps this worker away from a task that it has just failed at, so that another may try. */
  async #rest({ backoff }: Post, over: AbortSignal): Promise<void> {
    try {
      await pause(this.#surroundings.clock, backoff.nextMs(), over)
    } catch {
      // The round is over; the loop sees that by itself.
    }
  }

  /** Null when the place in the queue is not wanted any more. */
  async #acquire({ semaphore }: Post, fill: AbortSignal): Promise<Lease | null> {
    const whole = this.#options.persistent ? { count: 1 } : { count: Infinity, ephemeral: true }
    try {
      return await semaphore.acquire(whole, fill)
    } catch (error) {
      if (fill.aborted) return null
      throw error
    }
  }

  async #execute({ task, backoff }: Post, lease: Lease, over: AbortSignal): Promise<Outcome> {
    this.#running += 1
    this.#started += 1
    this.#bell.ring()
    using ends = new LinkedAbort(lease.signal, over)
    try {
      await this.#options.run(task, taskLease(lease, ends.signal))
      backoff.reset()
      return 'done'
    } catch (error) {
      // A task that was told to stop may say so with an error of any kind.
      if (ends.signal.aborted) return 'done'
      if (this.#options.failed === undefined) throw error
      this.#options.failed(error, task)
      return 'failed'
    } finally {
      this.#running -= 1
    }
  }
}

function taskLease(lease: Lease, signal: AbortSignal): TaskLease {
  return {
    name: lease.name,
    token: lease.token,
    get signal() {
      // To look at a lease's signal compares the clocks: after a pause it may be over although no timer has fired.
      void lease.signal
      return signal
    },
  }
}

function* postsOf(session: Session, options: WorkersOptions, random: Random): Generator<Post> {
  const persistent = options.persistent ?? false
  for (let index = 0; index < options.tasks; index++) {
    const name = `${options.prefix}${index}`
    const semaphore = session.semaphore(name, persistent ? { limit: 1 } : {})
    const task = new WorkerTask(semaphore, index, persistent)
    yield { task, semaphore, backoff: new Backoff(random) }
  }
}

/** In an order in which every order is as likely as any other. */
function shuffled<T>(items: Iterable<T>, random: Random): T[] {
  const order: T[] = []
  for (const item of items) {
    const place = Math.floor(random.fraction() * (order.length + 1))
    const displaced = order[place]
    order[place] = item
    if (displaced !== undefined) order.push(displaced)
  }
  return order
}
