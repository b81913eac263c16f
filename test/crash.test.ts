/**
 * kill -9 of the server at random moments, with clients at work: what was acknowledged is there afterwards, and tokens go
 * on growing.
 *
 * guards: D1, D2, X1, X2, S3, S6
 */
import { setImmediate } from 'node:timers/promises'
import type { Client } from 'tenure'
import { TenureError, connect } from 'tenure'
import { expect, test } from 'vitest'
import { ServerProcess } from './program.ts'

const KILLS = 20
const PATH = '/local/crash'
/** Sessions must outlive the server's absence; the grace period comes on top of it. */
const TIMEOUT_MS = 10_000

const text = (data: Uint8Array): string => new TextDecoder().decode(data)

/** A small generator of its own, so that a failing run can be repeated. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Counts acknowledgements, and lets the killer wait for some. */
class Progress {
  #count = 0
  #waiters: { at: number; resolve: () => void }[] = []

  made(): void {
    this.#count += 1
    for (const { at, resolve } of this.#waiters) if (this.#count >= at) resolve()
    this.#waiters = this.#waiters.filter(({ at }) => this.#count < at)
  }

  more(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ at: this.#count + count, resolve })
    })
  }
}

/** Does `work` again and again; while the server is away errors that ask for it are followed by another try. */
async function keepOn(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      await work()
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof TenureError && error.retryable)) throw error
    }
  }
}

/** What was seen of one lock: its tokens in the order of grants, and how often two held it at a time. */
interface Grants {
  readonly name: string
  readonly tokens: bigint[]
  holders: number
  overlaps: number
}

/** Takes one lock in turn with the others. */
function locker(client: Client, grants: Grants, progress: Progress) {
  return async (signal: AbortSignal): Promise<void> => {
    await keepOn(signal, async () => {
      await using session = await client.openSession(
        PATH,
        { timeout: TIMEOUT_MS, createNode: true },
        signal,
      )
      while (!signal.aborted) {
        await using lock = await session.mutex(grants.name).lock(signal)
        grants.holders += 1
        if (grants.holders > 1) grants.overlaps += 1
        grants.tokens.push(lock.token)
        progress.made()
        await setImmediate()
        grants.holders -= 1
      }
    })
  }
}

/** Publishes 1, 2, 3, …; remembers the last number that was acknowledged. */
function publisher(client: Client, acknowledged: { last: number }, progress: Progress) {
  return async (signal: AbortSignal): Promise<void> => {
    let next = 1
    await keepOn(signal, async () => {
      await using session = await client.openSession(
        PATH,
        { timeout: TIMEOUT_MS, createNode: true },
        signal,
      )
      while (!signal.aborted) {
        await session.config('counter').publish(String(next), {}, signal)
        acknowledged.last = next
        next += 1
        progress.made()
      }
    })
  }
}

/** Makes semaphores; remembers those whose making was acknowledged. */
function maker(client: Client, made: string[], progress: Progress) {
  return async (signal: AbortSignal): Promise<void> => {
    await keepOn(signal, async () => {
      await using session = await client.openSession(
        PATH,
        { timeout: TIMEOUT_MS, createNode: true },
        signal,
      )
      while (!signal.aborted) {
        const name = `made-${made.length}-${session.id}`
        await session.semaphore(name).create({ limit: 5, data: name }, signal)
        made.push(name)
        progress.made()
      }
    })
  }
}

test(
  `after each of ${KILLS} kills everything acknowledged is there and tokens grow`,
  { timeout: 90_000 },
  async () => {
    const seed = Math.floor(Math.random() * 2 ** 32)
    const random = randomOf(seed)
    await using server = await ServerProcess.start()
    await using client = connect(server.address)
    await using holder = await client.openSession(PATH, { timeout: TIMEOUT_MS, createNode: true })
    await using held = await holder
      .semaphore('held')
      .acquire({ count: Infinity, ephemeral: true, data: 'mine' })

    const stop = new AbortController()
    const progress = new Progress()
    const locks: Grants[] = ['one', 'two'].map((name) => ({
      name,
      tokens: [],
      holders: 0,
      overlaps: 0,
    }))
    const acknowledged = { last: 0 }
    const made: string[] = []
    const jobs = locks.flatMap((grants) => [
      locker(client, grants, progress)(stop.signal),
      locker(client, grants, progress)(stop.signal),
    ])
    jobs.push(publisher(client, acknowledged, progress)(stop.signal))
    jobs.push(maker(client, made, progress)(stop.signal))
    const all = Promise.all(jobs)

    for (let kill = 0; kill < KILLS; kill += 1) {
      await Promise.race([progress.more(1 + Math.floor(random() * 60)), all])
      await server.end('SIGKILL')
      await server.start()
    }
    await Promise.race([progress.more(50), all])
    stop.abort()
    await all

    for (const { tokens, overlaps } of locks) {
      const grown = tokens.every((token, index) => index === 0 || token > (tokens[index - 1] ?? 0n))
      expect({ seed, grown, overlaps }).toEqual({ seed, grown: true, overlaps: 0 })
    }
    expect({ seed, lost: held.signal.aborted }).toEqual({ seed, lost: false })
    const { owners } = await holder.semaphore('held').describe({ owners: true })
    expect({ seed, owners }).toMatchObject({
      seed,
      owners: [{ sessionId: holder.id, orderId: held.token }],
    })
    const value = Number(text((await holder.config('counter').get()) ?? new Uint8Array()))
    expect({ seed, kept: value >= acknowledged.last }).toEqual({ seed, kept: true })
    for (const name of made) {
      const { data } = await holder.semaphore(name).describe()
      expect({ seed, data: text(data) }).toEqual({ seed, data: name })
    }
  },
)
