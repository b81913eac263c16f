/**
 * Election: the owner of a semaphore with one unit leads, its waiters are the candidates in order.
 *
 * What the leader says of itself is its owner data, not the semaphore's: it comes with the leadership, goes with it, and can
 * never be read as the word of a successor. A term is the fencing token of the leader's grant, so terms only grow.
 */
import { bytesOf, optionsOf } from '../arguments.ts'
import type { Bytes } from '../bytes.ts'
import type { Clock } from '../clock.ts'
import { NotFoundError, NotParticipantError } from '../errors.ts'
import type { Semaphore } from '../semaphore.ts'
import { BYTES_CODEC, type Codec } from './codec.ts'
import {
  ElectionObserver,
  leaderOf,
  type Leader,
  type LeadershipState,
} from './election-observer.ts'
import { type ElectionOperation, type ElectionRunOptions, runElection } from './election-run.ts'
import type { ElectionSession } from './election-session.ts'
import type { ElectionState } from './election-state.ts'
import { watchElection } from './election-watch.ts'
import { Leadership } from './leadership.ts'
import { LinkedAbort } from './linked-abort.ts'
import { wrongType } from '../wrong-argument.ts'

/** Who takes part, in bytes. */
export interface ElectionOptions {
  /** What others see of this session when it leads. Without it the session is a witness, which cannot `run`. */
  readonly self?: Bytes | null | undefined
  readonly codec?: undefined
}

/** Who takes part, in values of the program. */
export interface CodedElectionOptions<T> {
  readonly self?: T | null | undefined
  readonly codec: Codec<T>
}

/** What an election stands on. */
export interface ElectionGround {
  readonly session: ElectionSession
  readonly clock: Clock
}

export class Election<T = Uint8Array> {
  /** The session that takes part, or looks on. */
  readonly session: ElectionSession
  readonly #semaphore: Semaphore
  readonly #clock: Clock
  readonly #codec: Codec<T>
  readonly #self: Uint8Array | null

  /** Elections come from `session.election`. */
  constructor(
    name: string,
    { session, clock }: ElectionGround,
    { self, codec }: CodedElectionOptions<T>,
  ) {
    this.session = session
    this.#semaphore = session.semaphore(name, { limit: 1 })
    this.#clock = clock
    this.#codec = codec
    this.#self =
      self === undefined || self === null
        ? null
        : bytesOf(codec.encode(self), 'the self of an election')
  }

  get name(): string {
    return this.#semaphore.name
  }

  /**
   * Takes part: campaigns, and runs `operation` whenever this session leads. An operation that ends by itself ends the run:
   * the leadership is resigned, and its result or error is the run's. One that has lost the leadership is told to stop, and when it
   * has settled the session campaigns again.
   *
   * Leadership is given up only when the operation has settled. One that was told to stop by `signal` and does not, keeps it no longer
   * than a dead process would: see `Overrun`. The run itself settles never before its operation.
   *
   * @throws NotParticipantError in an election without `self`; what `operation` threw before its signal aborted; the reason of
   *   `signal`; the session's end; the reason of the loss when `rejoin` is false
   */
  run<R>(operation: ElectionOperation<R>, signal?: AbortSignal): Promise<R>
  run<R>(
    operation: ElectionOperation<R>,
    options?: ElectionRunOptions,
    signal?: AbortSignal,
  ): Promise<R>
  async run<R>(
    operation: ElectionOperation<R>,
    options: ElectionRunOptions | AbortSignal = {},
    last?: AbortSignal,
  ): Promise<R> {
    const [chosen, signal]: [ElectionRunOptions, AbortSignal | undefined] =
      options instanceof AbortSignal ? [{}, options] : [options, last]
    const self = this.#self
    if (typeof operation !== 'function')
      throw wrongType('the operation of an election must be a function')
    optionsOf(chosen, 'the options of a run')
    if (self === null) {
      throw new NotParticipantError(
        `cannot run the election "${this.name}" as a witness: give \`self\` to session.election to take part`,
      )
    }
    const running = {
      name: this.name,
      session: this.session,
      clock: this.#clock,
      campaign: (until: AbortSignal | undefined) => this.campaign(self, until),
    }
    return runElection(running, operation, chosen, signal)
  }

  /**
   * What this session knows: 'unknown' first, and again while the session recovers; else whether it leads, and who does. A slow
   * reader misses states in between, never the last one. Ends by throwing the reason of `signal`, or of the session's end, or
   * what the codec threw.
   */
  watch(signal?: AbortSignal): AsyncGenerator<ElectionState<T>, void, undefined> {
    const { session } = this
    const semaphore = session.semaphore(this.name)
    return watchElection({ session, semaphore, codec: this.#codec }, signal)
  }

  /** Waits in line until this session leads. Rejects with the reason of `signal`; the place in line is then given back. */
  async campaign(data: Bytes, signal?: AbortSignal): Promise<Leadership> {
    return new Leadership(await this.#semaphore.acquire({ count: 1, data }, signal))
  }

  /** The leader at this moment, or null. */
  async leader(signal?: AbortSignal): Promise<Leader | null> {
    try {
      return leaderOf(await this.#semaphore.describe({ owners: true }, signal))
    } catch (error) {
      if (error instanceof NotFoundError) return null
      throw error
    }
  }

  /**
   * Who leads now, then every change of the leader or of what it says; also without taking part. A slow reader misses states
   * in between, never the last one. Ends by throwing the reason of `signal`, or of the session's end.
   */
  async *observe(signal?: AbortSignal): AsyncGenerator<LeadershipState, void, undefined> {
    using watching = new LinkedAbort(signal)
    const observer = new ElectionObserver(this.session.id)
    const following = observer.follow(
      this.#semaphore.watch({ owners: true, absent: 'wait' }, watching.signal),
    )
    try {
      for (;;) yield await observer.next()
    } finally {
      watching.abort(new Error(`the observation of the election "${this.name}" has ended`))
      await following
    }
  }
}

/** In values of the program when there is a codec, else in bytes. */
export function electionOf<T>(
  name: string,
  ground: ElectionGround,
  options: ElectionOptions | CodedElectionOptions<T>,
): Election | Election<T> {
  optionsOf(options, 'the options of an election')
  if (options.codec !== undefined) return new Election(name, ground, options)
  const { self } = options
  const isWitness = self === undefined || self === null
  return new Election(name, ground, {
    self: isWitness ? null : bytesOf(self, 'the self of an election'),
    codec: BYTES_CODEC,
  })
}
