/**
 * A directory that the processes of one machine share, as one of them sees it.
 *
 * Whoever gets the lock of the store hosts it, and opens a door in it; whoever does not is a guest at that door. The system closes
 * both with their process, however that ends: a dead host neither answers nor keeps the next one out. A host that is only paused is
 * neither: nobody takes its place, since it may go on at any moment.
 *
 *   seeking ──► guest ◄──┐
 *      ▲  └───► host     │ doubted, and the door is still open
 *      └── doubted ──────┘
 */
import { type Clock, systemClock, systemRandom } from '@tenure/client'
import { EngineError, HeldError } from '@tenure/engine'
import { Doorway } from './doorway.ts'
import { guestSeat, hostSeat, loadHost, type Place, type Seat } from './seat.ts'

/** Between two attempts, at random, so that those who look at once do not meet again: short at first, then longer. */
const PAUSE_BASE_MS = 10
const PAUSE_MAX_MS = 100
/** So long one process may hold the directory without a door before that counts as a refusal: it may be starting or ending. */
const DOORLESS_MAX_MS = 8_000
/** A guest that has stayed so long makes itself ready to be the host. */
const STAY_MS = 500

export class SharedDirectory {
  readonly #clock: Clock
  readonly #place: Place
  #seat: Seat | null = null
  #isDoubted = false
  #seeking: Promise<Seat> | null = null
  #closing: Promise<void> | null = null

  /** @param folder an absolute path without symbolic links; the directory is there */
  constructor(address: string, folder: string, clock: Clock = systemClock) {
    this.#place = { address, folder, doorway: new Doorway(folder) }
    this.#clock = clock
  }

  /**
   * The present seat, or the next one as soon as there is one.
   *
   * @throws HeldError when a process keeps the directory to itself; DamagedError, EngineError when the store cannot be opened
   */
  seat(): Promise<Seat> {
    if (this.#seat !== null && !this.#isDoubted) return Promise.resolve(this.#seat)
    this.#seeking ??= this.#seek().finally(() => {
      this.#seeking = null
    })
    return this.#seeking
  }

  /** Something has failed that was asked over this seat: it is looked at before it is used again. */
  doubt(seat: Seat): void {
    if (this.#seat === seat) this.#isDoubted = true
  }

  /** Gives the seat up, in good order. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    // Of what a host has open nothing keeps the process alive; who closes waits for the end.
    this.#clock.hold()
    try {
      await this.#end()
    } finally {
      this.#clock.letGo()
    }
  }

  async #end(): Promise<void> {
    // The seat that is being sought is given up by who seeks it.
    await this.#seeking?.catch(() => {})
    const seat = this.#seat
    this.#seat = null
    try {
      await seat?.leave()
    } finally {
      this.#place.doorway.close()
    }
  }

  async #seek(): Promise<Seat> {
    this.#assertOpen()
    const before = this.#seat
    this.#isDoubted = false
    if (before !== null) {
      if (await before.isGood()) return before
      await this.#leave(before)
    }
    const found = await this.#find()
    if (this.#closing !== null) {
      await found.leave()
      this.#assertOpen()
    }
    this.#seat = found
    return found
  }

  async #find(): Promise<Seat> {
    let refusal = ''
    let pauseMs = PAUSE_BASE_MS
    let sinceMs = this.#clock.monotonicMs()
    for (;;) {
      const door = await this.#place.doorway.look()
      if (door === 'open') return this.#guest()
      // Others wait for the next host: who must be loaded first leaves the place to those who are ready.
      if (door === 'dead') await loadHost()
      try {
        return await hostSeat(this.#place, (seat) => void this.#leave(seat))
      } catch (error) {
        if (!(error instanceof HeldError)) throw error
        // The message names the process: another one has its own time.
        if (error.message !== refusal) sinceMs = this.#clock.monotonicMs()
        refusal = error.message
        if (this.#clock.monotonicMs() - sinceMs > DOORLESS_MAX_MS) throw withoutDoor(error)
      }
      this.#assertOpen()
      await this.#pause(pauseMs * (1 + systemRandom.fraction()))
      pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 1.5)
    }
  }

  #guest(): Seat {
    const seat = guestSeat(this.#place)
    this.#clock.after(STAY_MS, () => {
      // What cannot be loaded says so when it is needed.
      if (this.#seat === seat) loadHost().catch(() => {})
    })
    return seat
  }

  /** A seat that is of no use any more; a host that has failed lets others try. Never rejects. */
  async #leave(seat: Seat): Promise<void> {
    if (this.#seat === seat) this.#seat = null
    await seat.leave().catch(() => {})
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(ms, resolve)
    })
  }

  #assertOpen(): void {
    if (this.#closing === null) return
    throw new EngineError(`the last client of ${this.#place.address} was closed`)
  }
}

function withoutDoor(error: HeldError): HeldError {
  const message = `${error.message}; it lets no other program in: wait for its end, or end it`
  return new HeldError(message, { cause: error })
}
