/**
 * Barriers: parties that wait for each other, each with a session of its own.
 *
 * A party is one unit of a semaphore whose limit is the number of parties, so the barrier is full exactly when nothing is
 * left of it. But full is a moment, not a state: the first party that goes on may also leave, and a slow reader of the watch
 * then never sees the full count. So whoever sees it full first writes a mark into the semaphore's data, and goes on only
 * after that; the mark stays, and a party goes on when it sees either.
 *
 * A party that dies before the barrier is full leaves its place, and another may take it. One that dies later counts as gone.
 */
import type { Lease } from '../lease.ts'
import type { Semaphore } from '../semaphore.ts'
import { LinkedAbort } from './linked-abort.ts'
import { outOfRange } from '../wrong-argument.ts'

const PASSED = new Uint8Array([1])

/** Everybody waits until all have come. For one use: a passed barrier stays open. */
export class Barrier {
  readonly #semaphore: Semaphore
  readonly #parties: bigint

  /** @param semaphore made with `limit: parties`, used by one barrier only */
  constructor(semaphore: Semaphore, parties: number | bigint) {
    if (parties < 1) throw outOfRange(`parties must be at least 1, got ${parties}`)
    this.#semaphore = semaphore
    this.#parties = BigInt(parties)
  }

  /**
   * Comes to the barrier and waits for the others.
   *
   * @returns this party's place; dispose it to leave
   * @throws the reason of `signal`, or of the session's loss; the place is then given back
   */
  async arrive(signal?: AbortSignal): Promise<Lease> {
    const place = await this.#semaphore.acquire({ count: 1 }, signal)
    try {
      using waiting = new LinkedAbort(signal, place.signal)
      await this.#passed(waiting.signal)
      return place
    } catch (error) {
      await place[Symbol.asyncDispose]()
      throw error
    }
  }

  async #passed(signal: AbortSignal): Promise<void> {
    for await (const { data, owners } of this.#semaphore.watch(
      { owners: true, data: true },
      signal,
    )) {
      if (data.length > 0) return
      const arrived = owners.reduce((sum, owner) => sum + owner.count, 0n)
      if (arrived === this.#parties) {
        await this.#semaphore.update(PASSED, signal)
        return
      }
    }
  }
}

/** Nobody starts before all have come, and nobody goes before all are done. For one use. */
export class DoubleBarrier {
  readonly #semaphore: Semaphore
  readonly #entrance: Barrier

  /** @param semaphore made with `limit: parties`, used by one barrier only */
  constructor(semaphore: Semaphore, parties: number | bigint) {
    this.#semaphore = semaphore
    this.#entrance = new Barrier(semaphore, parties)
  }

  /** Waits until all have come. The place stays this party's until `leave`. Throws as `Barrier.arrive` does. */
  enter(signal?: AbortSignal): Promise<Lease> {
    return this.#entrance.arrive(signal)
  }

  /**
   * Gives the place back and waits until all others have done so or died.
   *
   * @throws the reason of `signal`, or of the session's loss; the place is given back all the same
   */
  async leave(place: Lease, signal?: AbortSignal): Promise<void> {
    await place.release(signal)
    for await (const { owners } of this.#semaphore.watch({ owners: true }, signal)) {
      if (owners.length === 0) return
    }
  }
}
