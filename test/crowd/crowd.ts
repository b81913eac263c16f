/**
 * A crowd at one coordination node: contenders for a mutex and for a hall of three, a writer and watchers of a board. Each
 * member comes by the way that it is given, so a test can break the ways one by one.
 *
 * What must be true at every moment is checked while the crowd is at work; `gather` demands that a healed world moves on
 * and that all watchers see each last value.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { connect } from 'tenure'
import type { Lease, Session } from 'tenure'
import { between, drawOf } from '../seed.ts'
import type { Draw } from '../seed.ts'
import { Board } from './board.ts'
import type { Eyes } from './board.ts'
import { Floor } from './floor.ts'
import { keepWorking } from './member.ts'

const MUTEX = 'mutex'
const HALL = 'hall'
const HALL_LIMIT = 3n
const BOARD = 'board'
/** Most holders act for so long at most. */
const HOLD_MAX_MS = 20
/** A healed world moves on in a moment; this is for a busy machine. */
const PATIENCE_MS = 40_000
/** Each of so many values is once the last one, for a while. */
const LAST_VALUES = 50
/** Some hold on for up to so many timeouts: long enough to be cut off and to see another come. */
const LONG_HOLD_SHARE = 0.05
const LONG_HOLD_TIMEOUTS = 2

export interface CrowdOptions {
  /** How each member reaches the server. */
  readonly addresses: readonly string[]
  /** A way that is never broken. */
  readonly direct: string
  readonly path: string
  readonly timeoutMs: number
  readonly seed: number
}

export class Crowd implements AsyncDisposable {
  readonly violations: string[] = []
  readonly #options: CrowdOptions
  readonly #mutex: Floor
  readonly #hall: Floor
  readonly #board: Board
  readonly #draw: Draw
  readonly #eyes: Eyes[] = []
  readonly #working = new AbortController()
  readonly #writing = new AbortController()
  readonly #members: Promise<void>[] = []
  readonly #writer: Promise<void>
  #isOver = false

  constructor(options: CrowdOptions) {
    this.#options = options
    this.#draw = drawOf(options.seed)
    this.#mutex = new Floor({ name: MUTEX, limit: 1n }, this.violations)
    this.#hall = new Floor({ name: HALL, limit: HALL_LIMIT }, this.violations)
    this.#board = new Board(this.violations)
    const [writerAddress = options.direct] = options.addresses
    this.#writer = this.#member(writerAddress, this.#writing.signal, (session) =>
      this.#write(session),
    )
    for (const [at, address] of options.addresses.entries()) this.#place(address, at)
  }

  /** Grants and values so far. */
  get progress(): { readonly grants: number; readonly values: number; readonly seen: number } {
    return {
      grants: this.#mutex.grants + this.#hall.grants,
      values: this.#board.published,
      seen: this.#board.seen,
    }
  }

  /** Waits until the crowd has moved on: more grants of both kinds, more values. */
  async moves(): Promise<void> {
    const [locks, halls, values] = [this.#mutex.grants, this.#hall.grants, this.#board.published]
    await this.#until(
      'moved on',
      () =>
        this.#mutex.grants > locks + 5 &&
        this.#hall.grants > halls + 5 &&
        this.#board.published > values + 5,
    )
  }

  /** After the world was healed: everybody moves on, then all watchers see what the board says for good. */
  async gather(): Promise<void> {
    await this.moves()
    this.#writing.abort()
    await this.#writer
    await using client = connect(this.#options.direct)
    await using session = await client.openSession(this.#options.path)
    const board = session.config(BOARD)
    // A publish that was lost with its session may still happen, so what was published last is asked for.
    const seesLast = async (): Promise<boolean> => {
      const last = textOf(await board.get())
      return this.#eyes.every((eyes) => eyes.last() === last)
    }
    for (let round = 1; round <= LAST_VALUES; round += 1) {
      await board.publish(`last:${round}`)
      await this.#until('all saw the last value', seesLast)
    }
    this.#working.abort()
    await Promise.all(this.#members)
    this.#isOver = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    this.#writing.abort()
    this.#working.abort()
    await Promise.allSettled([this.#writer, ...this.#members])
  }

  #place(address: string, at: number): void {
    const { signal } = this.#working
    const eyes = this.#board.watcher(`watcher ${at}`)
    this.#eyes.push(eyes)
    this.#members.push(
      this.#member(address, signal, (session) => this.#contend(session)),
      this.#member(address, signal, (session) => this.#crowdIn(session)),
      this.#member(address, signal, (session) => watch(session, eyes, signal)),
    )
  }

  #member(
    address: string,
    signal: AbortSignal,
    work: (session: Session) => Promise<void>,
  ): Promise<void> {
    const { path, timeoutMs } = this.#options
    return keepWorking({ address, path, timeoutMs }, signal, work)
  }

  async #contend(session: Session): Promise<void> {
    const { signal } = this.#working
    while (!signal.aborted) {
      await this.#hold(this.#mutex, await session.mutex(MUTEX).lock(signal))
    }
  }

  async #crowdIn(session: Session): Promise<void> {
    const { signal } = this.#working
    const hall = session.semaphore(HALL, { limit: HALL_LIMIT })
    while (!signal.aborted) {
      const count = this.#draw() < 0.5 ? 1n : 2n
      await this.#hold(this.#hall, await hall.acquire({ count }, signal))
    }
  }

  async #hold(floor: Floor, lease: Lease): Promise<void> {
    floor.enter(lease)
    try {
      const isLong = this.#draw() < LONG_HOLD_SHARE
      const longestMs = isLong ? this.#options.timeoutMs * LONG_HOLD_TIMEOUTS : HOLD_MAX_MS
      await wait(between(this.#draw, 0, longestMs), lease.signal)
    } finally {
      floor.leave(lease)
      await lease.release()
    }
  }

  async #write(session: Session): Promise<void> {
    const { signal } = this.#writing
    for (let number = 1; !signal.aborted; number += 1) {
      await session.config(BOARD).publish(`${session.id}:${number}`, signal)
      this.#board.acknowledged()
      await pause(between(this.#draw, 0, HOLD_MAX_MS))
    }
  }

  /** Also ends by a violation, and by what a member has thrown. */
  async #until(goal: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const ended = Promise.all([this.#writer, ...this.#members]).then(() => false)
    const endMs = performance.now() + PATIENCE_MS
    while (this.violations.length === 0 && !(await holds())) {
      await Promise.race([pause(10), ended])
      if (performance.now() > endMs) this.violations.push(`not so in ${PATIENCE_MS} ms: ${goal}`)
    }
  }
}

/** Waits, but not for what is lost. */
async function wait(lengthMs: number, signal: AbortSignal): Promise<void> {
  await pause(lengthMs, undefined, { signal }).catch(() => {})
}

async function watch(session: Session, eyes: Eyes, signal: AbortSignal): Promise<void> {
  for await (const value of session.config(BOARD).watch(signal)) eyes.see(textOf(value))
}

function textOf(value: Uint8Array | null): string {
  return value === null ? '' : new TextDecoder().decode(value)
}
