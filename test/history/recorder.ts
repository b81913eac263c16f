/**
 * Writes down what real clients do: `recorder.open` gives a session whose calls are recorded.
 *
 * The calls do what the session does. Only what the judge needs is kept: an error that says that nothing happened is an
 * answer, any other leaves the outcome open.
 */
import { COUNT_MAX } from '@tenure/client'
import type { Holder } from '@tenure/client'
import { TenureError } from 'tenure'
import type { Client, Lease, Session, SessionOptions } from 'tenure'
import { REFUSED_CODES } from './history.ts'
import type {
  Answer,
  Call,
  History,
  Holding,
  Life,
  Observation,
  Place,
  RefusedCode,
  Seen,
  Sighting,
} from './history.ts'

/** Two events of one process never have the same time. */
const TICK_MS = 1e-4

const text = (data: Uint8Array): string => new TextDecoder().decode(data)

export interface Opening {
  readonly actor: string
  readonly client: Client
  readonly path: string
  readonly options?: SessionOptions
  readonly signal?: AbortSignal
}

export class Recorder {
  readonly #observations: Observation[] = []
  readonly #holdings: Holding[] = []
  readonly #lives: Life[] = []
  readonly #sightings: Sighting[] = []
  readonly #heard: () => void
  #lastMs = 0

  /** @param heard called whenever an answer has come */
  constructor(heard: () => void = () => {}) {
    this.#heard = heard
  }

  get history(): History {
    return {
      observations: this.#observations,
      holdings: this.#holdings,
      lives: this.#lives,
      sightings: this.#sightings,
    }
  }

  /** Milliseconds; each call gives a later time than the one before. */
  now(): number {
    this.#lastMs = Math.max(performance.now(), this.#lastMs + TICK_MS)
    return this.#lastMs
  }

  /** Opens a session that writes down what it does. */
  async open({ actor, client, path, options, signal }: Opening): Promise<RecordedSession> {
    const calledAt = this.now()
    const session = await client.openSession(path, options, signal)
    const life: Life = {
      actor,
      session: session.id,
      calledAt,
      openedAt: this.now(),
      lost: null,
    }
    this.#lives.push(life)
    const recorded = new RecordedSession(this, session, actor)
    session.signal.addEventListener('abort', () => {
      recorded.over()
      const { reason } = session.signal
      if (reason instanceof TenureError && reason.code === 'SESSION_EXPIRED') {
        life.lost = reason.message
      }
    })
    return recorded
  }

  /** Does `work` and writes down what came of it. */
  async observe(
    about: { readonly actor: string; readonly object: string; readonly session: bigint },
    input: Call,
    work: () => Promise<Answer>,
  ): Promise<Answer> {
    const calledAt = this.now()
    const write = (output: Answer | null, returnedAt: number): void => {
      this.#observations.push({ ...about, input, output, calledAt, returnedAt })
    }
    try {
      const output = await work()
      write(output, this.now())
      this.#heard()
      return output
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal === null) {
        write(null, Infinity)
        throw error
      }
      const output: Answer = { kind: 'refused', code: refusal }
      write(output, this.now())
      this.#heard()
      return output
    }
  }

  hold(holding: Holding): void {
    this.#holdings.push(holding)
  }

  sight(sighting: Sighting): void {
    this.#sightings.push(sighting)
  }
}

export class RecordedSession implements AsyncDisposable {
  readonly session: Session
  readonly #recorder: Recorder
  readonly #actor: string
  readonly #held = new Set<Holding>()

  constructor(recorder: Recorder, session: Session, actor: string) {
    this.#recorder = recorder
    this.session = session
    this.#actor = actor
  }

  create(object: string, limit: number, data: string): Promise<Answer> {
    const call = { kind: 'create', limit: BigInt(limit), data } as const
    return this.#do(object, call, async () => {
      await this.session.semaphore(object).create({ limit, data })
      return { kind: 'done' }
    })
  }

  update(object: string, data: string): Promise<Answer> {
    return this.#do(object, { kind: 'update', data }, async () => {
      await this.session.semaphore(object).update(data)
      return { kind: 'done' }
    })
  }

  delete(object: string): Promise<Answer> {
    return this.#do(object, { kind: 'delete' }, async () => {
      await this.session.semaphore(object).delete()
      return { kind: 'done' }
    })
  }

  async describe(object: string): Promise<Seen | null> {
    const answer = await this.#do(object, { kind: 'describe' }, async () => ({
      kind: 'described',
      seen: await this.#look(object),
    }))
    return answer.kind === 'described' ? answer.seen : null
  }

  /**
   * Takes units, waiting for them.
   *
   * @param count Infinity for all there are
   * @returns null when it was refused
   */
  async acquire(
    object: string,
    count: number,
    ephemeral: boolean = false,
  ): Promise<RecordedLease | null> {
    let taken: Lease | undefined
    const units = count === Infinity ? COUNT_MAX : BigInt(count)
    const call = { kind: 'acquire', count: units, ephemeral } as const
    await this.#do(object, call, async () => {
      taken = await this.session.semaphore(object).acquire({ count, ephemeral })
      return { kind: 'granted', token: taken.token }
    })
    const lease = taken
    if (lease === undefined) return null
    const holding: Holding = {
      actor: this.#actor,
      object,
      session: this.session.id,
      token: lease.token,
      count: units,
      from: this.#recorder.now(),
      to: Infinity,
    }
    this.#recorder.hold(holding)
    this.#held.add(holding)
    return { release: () => this.#release(holding, lease) }
  }

  /** Watches the data until they are `last`. */
  async watch(object: string, last: string): Promise<void> {
    const semaphore = this.session.semaphore(object)
    for await (const state of semaphore.watch({ data: true, absent: 'wait' })) {
      const data = state === null ? null : text(state.data)
      this.#recorder.sight({ actor: this.#actor, object, data, at: this.#recorder.now() })
      if (data === last) return
    }
  }

  /** The session has ended, and with it all that it held. */
  over(): void {
    for (const holding of this.#held) holding.to = this.#recorder.now()
    this.#held.clear()
  }

  close(): Promise<void> {
    return this.session.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #release(holding: Holding, lease: Lease): Promise<void> {
    if (this.#held.delete(holding)) holding.to = this.#recorder.now()
    await this.#do(holding.object, { kind: 'release', token: holding.token }, async () => {
      await lease.release()
      return { kind: 'done' }
    })
  }

  #do(object: string, call: Call, work: () => Promise<Answer>): Promise<Answer> {
    const about = { actor: this.#actor, object, session: this.session.id }
    return this.#recorder.observe(about, call, work)
  }

  async #look(object: string): Promise<Seen | null> {
    try {
      const found = await this.session.semaphore(object).describe({ owners: true, waiters: true })
      return {
        limit: found.limit,
        count: found.count,
        data: text(found.data),
        owners: found.owners.map(placeOf),
        waiters: found.waiters.map(placeOf),
      }
    } catch (error) {
      if (refusalOf(error) === 'NOT_FOUND') return null
      throw error
    }
  }
}

/** Units held by a recorded session. */
export interface RecordedLease {
  release(): Promise<void>
}

function refusalOf(error: unknown): RefusedCode | null {
  if (!(error instanceof TenureError)) return null
  return REFUSED_CODES.find((code) => code === error.code) ?? null
}

function placeOf({ sessionId, orderId, count }: Holder): Place {
  return { session: sessionId, token: orderId, count }
}
