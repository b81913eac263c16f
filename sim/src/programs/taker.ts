/** Takes some units of a semaphore with a limit, in every way there is. */
import { AcquireTimeoutError, type Lease, type Semaphore, type Session } from '@tenure/client'
import { CLOCK_SHARE } from '../judge/limits.ts'
import type { Lockable } from '../judge/lockable.ts'
import { hold } from './locker.ts'
import type { Desk, Program } from './program.ts'

const HOLD_MS = 300
const SHORT_MS = 400
const PATIENCE_MS = 15_000

export function taker(pool: Lockable): Program {
  return {
    name: `takes of ${pool.name}`,
    async round(desk) {
      const session = await desk.session()
      await new Taking(desk, pool, session).run()
    },
  }
}

class Taking {
  readonly #desk: Desk
  readonly #pool: Lockable
  readonly #session: Session
  readonly #semaphore: Semaphore

  constructor(desk: Desk, pool: Lockable, session: Session) {
    this.#desk = desk
    this.#pool = pool
    this.#session = session
    this.#semaphore = session.semaphore(pool.name, { limit: Number(pool.limit) })
  }

  async run(): Promise<void> {
    const { random, world } = this.#desk
    if (random.chance(0.25)) await this.#describe()
    const count = random.whole(1, Number(this.#pool.limit))
    const attempt = world.judge.holds.calling(this.#desk, this.#pool)
    const lease = await this.#take(count)
    if (lease === null) return hold(this.#desk, HOLD_MS)
    const giveBack = attempt.granted(lease)
    try {
      await hold(this.#desk, HOLD_MS)
      if (random.chance(0.2)) {
        await this.#again(lease, () => lease.update(this.#desk.writer))
        world.marks.reached('the data of a lease are changed')
      }
      giveBack()
      if (count > 1 && random.chance(0.3)) {
        await this.#again(lease, () => lease.downgrade(1), 1n)
        world.marks.reached('a part of a lease is given back')
        await hold(this.#desk, HOLD_MS)
      }
    } finally {
      giveBack()
      await this.#release(lease)
    }
  }

  async #take(count: number): Promise<Lease | null> {
    const { random } = this.#desk
    const data = random.chance(0.5) ? this.#desk.writer : ''
    const way = random.pick(['once', 'briefly', 'patiently', 'patiently'])
    const patience = this.#desk.timeout(random.fraction() * PATIENCE_MS)
    const timeout = random.whole(0, SHORT_MS)
    if (way === 'once') {
      return this.#recorded({ count, timeoutMs: 0 }, () =>
        this.#semaphore.tryAcquire({ count, data }, patience),
      )
    }
    if (way === 'briefly') {
      return this.#recorded({ count, timeoutMs: Math.max(1, timeout) }, () =>
        this.#semaphore.acquire({ count, data, timeout: Math.max(1, timeout) }, patience),
      )
    }
    return this.#recorded({ count, timeoutMs: Infinity }, () =>
      this.#semaphore.acquire({ count, data }, patience),
    )
  }

  async #recorded(
    { count, timeoutMs }: { readonly count: number; readonly timeoutMs: number },
    acquire: () => Promise<Lease | null>,
  ): Promise<Lease | null> {
    const session = this.#session.id
    const input = { kind: 'acquire', session, count: BigInt(count), timeoutMs } as const
    const { pools } = this.#desk.world.judge
    const isUnsettled = pools.isUnsettled(this.#pool, this.#session)
    const recording = pools.calling(this.#pool, this.#session, input)
    const startedMs = this.#desk.world.schedule.nowMs
    try {
      const lease = await acquire()
      if (lease !== null) recording.returned({ kind: 'acquired', token: lease.token })
      else if (isUnsettled) recording.forgotten()
      else recording.returned({ kind: 'not-acquired' })
      return lease
    } catch (error) {
      if (error instanceof AcquireTimeoutError) this.#judgeTimeout(timeoutMs, startedMs)
      const isGivenUp = error instanceof AcquireTimeoutError || this.#desk.isImpatience(error)
      if (isGivenUp) recording.returned({ kind: 'abandoned' })
      throw error
    }
  }

  /** X5: nobody is sent away before his time. */
  #judgeTimeout(timeoutMs: number, startedMs: number): void {
    const { schedule, judge } = this.#desk.world
    const waitedMs = schedule.nowMs - startedMs
    if (waitedMs >= timeoutMs * CLOCK_SHARE) return
    const text = `${this.#desk.name} waited ${waitedMs} ms of ${timeoutMs} ms for "${this.#pool.name}"`
    judge.violate('X5', text)
  }

  /** Asks for what it holds once more, with other terms. */
  async #again(lease: Lease, change: () => Promise<void>, count = lease.count): Promise<void> {
    const input = {
      kind: 'acquire',
      session: this.#session.id,
      count,
      timeoutMs: Infinity,
    } as const
    const recording = this.#desk.world.judge.pools.calling(this.#pool, this.#session, input)
    await change()
    recording.returned({ kind: 'acquired', token: lease.token })
  }

  async #release(lease: Lease): Promise<void> {
    const input = { kind: 'release', session: this.#session.id } as const
    const recording = this.#desk.world.judge.pools.calling(this.#pool, this.#session, input)
    await lease.release()
    // What a lost session held is given back by its end; nobody knows when.
    if (!this.#session.signal.aborted) recording.returned({ kind: 'released', released: null })
  }

  async #describe(): Promise<void> {
    const recording = this.#desk.world.judge.pools.calling(this.#pool, this.#session, {
      kind: 'describe',
    })
    const { owners, waiters } = await this.#semaphore.describe({ owners: true, waiters: true })
    recording.returned({
      kind: 'described',
      owners: owners.map(holding),
      waiters: waiters.map(holding),
    })
  }
}

function holding(holder: {
  readonly sessionId: bigint
  readonly count: bigint
  readonly orderId: bigint
}): { session: bigint; count: bigint; token: bigint } {
  return { session: holder.sessionId, count: holder.count, token: holder.orderId }
}
