/**
 * A client: coordination nodes, and sessions on them, over one link.
 */
import { Backoff } from './backoff.ts'
import { type DurationBounds, durationOf, pathOf } from './arguments.ts'
import { type Clock, systemClock } from './clock.ts'
import { ClientClosedError, NotFoundError, TenureError, UnavailableError } from './errors.ts'
import type { Link, OperatorAnswer, OperatorQuestion } from './link/link.ts'
import type { NodeConfig, NodeDescription } from './node.ts'
import { type Explanation, Operators, type SessionInfo } from './operators.ts'
import { type Random, systemRandom } from './random.ts'
import { Pipe } from './pipe/pipe.ts'
import { PipeSession } from './pipe/pipe-session.ts'
import { pause } from './pause.ts'
import type { WorkersOptions } from './recipes/worker-options.ts'
import { work } from './recipes/workers.ts'
import { Session, type SessionOptions } from './session.ts'
import { onAbort, untilAbort } from './abort.ts'
import { settingsOf } from './session/options.ts'
import { within } from './session/within.ts'
import { SharedSession } from './storage/locker.ts'
import { Storage } from './storage/storage.ts'
import { StorageSession } from './storage/storage-session.ts'

/** What a client takes from the world; a simulation brings its own. */
export interface Surroundings {
  readonly clock?: Clock
  readonly random?: Random
}

export interface CloseOnSignalsOptions {
  /** The longest that closing may delay the end of the process. 5,000 ms by default. */
  readonly timeout?: number
}

/** How long a call that is no session's goes on trying while the server is away. */
const CALL_TIMEOUT_MS = 10_000
const EXIT_TIMEOUT_MS = 5_000
const EXIT_BOUNDS: DurationBounds = { min: 1, max: 600_000 }
/** What makes something be there no more. */
const ENDINGS: ReadonlySet<OperatorQuestion['kind']> = new Set<OperatorQuestion['kind']>([
  'end-session',
  'force-release',
  'drop-task',
])
const EXIT_SIGNALS = ['SIGINT', 'SIGTERM'] as const

export class Client implements AsyncDisposable {
  readonly #link: Link
  readonly #clock: Clock
  readonly #random: Random
  readonly #sessions = new Set<Session>()
  readonly #storages = new Map<
    string,
    { readonly storage: Storage; readonly session: StorageSession }
  >()
  readonly #pipes = new Map<string, { readonly pipe: Pipe; readonly session: PipeSession }>()
  readonly #controller = new AbortController()
  readonly #operators = new Operators((...asked) => this.#askOperator(...asked))
  #closing: Promise<void> | null = null

  /** @param link closed with the client */
  constructor(link: Link, { clock = systemClock, random = systemRandom }: Surroundings = {}) {
    this.#link = link
    this.#clock = clock
    this.#random = random
  }

  /** Makes a coordination node, and the folders above it. One that is there already stays as it is. */
  async createNode(path: string, config: NodeConfig = {}, signal?: AbortSignal): Promise<void> {
    const checked = pathOf(path)
    return this.#call((within) => this.#link.createNode(checked, config, within), signal)
  }

  /** Changes the settings that are given; the others stay. @throws NotFoundError */
  async alterNode(path: string, config: NodeConfig, signal?: AbortSignal): Promise<void> {
    const checked = pathOf(path)
    return this.#call((within) => this.#link.alterNode(checked, config, within), signal)
  }

  /** The settings as they were given, not as they take effect. @throws NotFoundError */
  async describeNode(path: string, signal?: AbortSignal): Promise<NodeDescription> {
    const checked = pathOf(path)
    return this.#call((within) => this.#link.describeNode(checked, within), signal)
  }

  /** Deletes a node with its sessions and semaphores, whoever uses them. @throws NotFoundError */
  async dropNode(path: string, signal?: AbortSignal): Promise<void> {
    const checked = pathOf(path)
    await this.#callToEnd((within) => this.#link.dropNode(checked, within), signal)
  }

  /** The nodes whose paths begin with `prefix`. @throws UnsupportedError on a server that cannot list */
  async listNodes(prefix: string = '', signal?: AbortSignal): Promise<NodeDescription[]> {
    return this.#call((within) => this.#link.listNodes(prefix, within), signal)
  }

  /**
   * Opens a session; dispose it to free all that it holds.
   *
   * @throws NotFoundError when there is no such node (see `createNode` of the options); UnauthorizedError; UnavailableError when
   *   nobody has answered within `startTimeout`
   */
  async openSession(
    path: string,
    options: SessionOptions = {},
    signal?: AbortSignal,
  ): Promise<Session> {
    const checked = pathOf(path)
    const settings = settingsOf(options, this.#random)
    signal?.throwIfAborted()
    this.#controller.signal.throwIfAborted()
    const ground = { link: this.#link, clock: this.#clock, random: this.#random }
    if (settings.createNode) await this.createNode(path, {}, signal)
    const either = new AbortController()
    const deafen = onAbort(signal, (reason) => either.abort(reason))
    const deafenClose = onAbort(this.#controller.signal, (reason) => either.abort(reason))
    let session: Session
    try {
      session = await Session.open(ground, checked, settings, either.signal)
    } finally {
      deafen()
      deafenClose()
    }
    if (this.#controller.signal.aborted) {
      await session.close()
      throw this.#controller.signal.reason
    }
    this.#sessions.add(session)
    session.signal.addEventListener('abort', () => this.#sessions.delete(session), { once: true })
    if (session.signal.aborted) this.#sessions.delete(session)
    return session
  }

  /**
   * Sessions without end: one at a time, and a fresh one whenever that is over. The next one comes only after the one before
   * has been closed or lost, however early the loop's body ends. `break` closes the session. A server that is away is waited for.
   */
  async *sessions(
    path: string,
    options: SessionOptions = {},
    signal?: AbortSignal,
  ): AsyncGenerator<Session, never, undefined> {
    for (;;) {
      const session = await this.#openPatiently(path, options, signal)
      try {
        yield session
        this.#clock.hold()
        await ended(session.signal, signal).finally(() => this.#clock.letGo())
      } finally {
        await session.close()
      }
    }
  }

  /** Does `work` with a session of its own, and closes it. */
  async withSession<T>(
    path: string,
    work: (session: Session) => Promise<T>,
    options: SessionOptions = {},
    signal?: AbortSignal,
  ): Promise<T> {
    await using session = await this.openSession(path, options, signal)
    return await work(session)
  }

  /**
   * Whether `token` is the newest grant of `name`, and still held: what a resource can ask when it cannot keep the greatest token
   * itself (see FencingGate). The answer may be out of date when it comes.
   *
   * @throws UnsupportedError on a YDB cluster, as do all the following; NotFoundError when there is no such node
   */
  checkToken(path: string, name: string, token: bigint, signal?: AbortSignal): Promise<boolean> {
    return this.#operators.checkToken(path, name, token, signal)
  }

  /** All sessions of a node in the order of their ids, with what they hold and wait for. */
  listSessions(path: string, signal?: AbortSignal): Promise<SessionInfo[]> {
    return this.#operators.listSessions(path, signal)
  }

  /** Ends another's session as if its timeout had passed; its client is told. @throws NotFoundError */
  endSession(path: string, id: bigint, signal?: AbortSignal): Promise<void> {
    return this.#operators.endSession(path, id, signal)
  }

  /**
   * Takes what a session holds of a semaphore, or its place in the queue; its client is told. Until it has been told it goes on
   * believing: only what compares tokens is safe.
   *
   * @throws NotFoundError when the session neither holds nor waits
   */
  forceRelease(path: string, name: string, sessionId: bigint, signal?: AbortSignal): Promise<void> {
    return this.#operators.forceRelease(path, name, sessionId, signal)
  }

  /** Who holds a semaphore and who waits, for how long, and what each of them waits for besides. @throws NotFoundError */
  explain(path: string, name: string, signal?: AbortSignal): Promise<Explanation> {
    return this.#operators.explain(path, name, signal)
  }

  /** Runs long tasks that are shared out among all workers of the same names, until `signal` aborts. */
  workers(options: WorkersOptions, signal?: AbortSignal): Promise<void> {
    const surroundings = {
      openSession: this.openSession.bind(this),
      closed: this.#controller.signal,
      clock: this.#clock,
      random: this.#random,
    }
    return work(surroundings, options, signal)
  }

  /**
   * The leased versioned records of a coordination node. They are asked for in a session of their own, which is opened with the first call and
   * ends with the client. Their calls reject with UnsupportedError where the server has no records, as on a YDB cluster.
   */
  storage(path: string): Storage {
    const checked = pathOf(path)
    const known = this.#storages.get(checked)
    if (known !== undefined) return known.storage
    const ground = { link: this.#link, clock: this.#clock, random: this.#random }
    const session = new StorageSession(ground, checked)
    const { signal } = this.#controller
    if (signal.aborted) void session.close(signal.reason)
    const storage = new Storage(session, new SharedSession(() => this.openSession(checked)))
    this.#storages.set(checked, { storage, session })
    return storage
  }

  /**
   * The session log of a coordination node. Its tasks are driven in a session of their own, which is opened with the first of them and ends
   * with the client. Its calls reject with UnsupportedError where the server has no log, as on a YDB cluster.
   */
  pipe(path: string): Pipe {
    const checked = pathOf(path)
    const known = this.#pipes.get(checked)
    if (known !== undefined) return known.pipe
    const ground = { link: this.#link, clock: this.#clock, random: this.#random }
    const session = new PipeSession(ground, checked)
    const { signal } = this.#controller
    if (signal.aborted) void session.close(signal.reason)
    const pipe = new Pipe(session, (question, within) =>
      this.#askOperator(checked, question, within),
    )
    this.#pipes.set(checked, { pipe, session })
    return pipe
  }

  /** Closes all sessions, then the link; bounded by the `closeTimeout` of the sessions. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * On SIGINT or SIGTERM closes this client, so that nothing it holds has to time out, and then lets the signal end the process.
   * A second signal ends it at once.
   *
   * @returns dispose it to take the handlers off
   */
  closeOnSignals({ timeout = EXIT_TIMEOUT_MS }: CloseOnSignalsOptions = {}): Disposable {
    const timeoutMs = durationOf(timeout, 'the timeout of closeOnSignals', EXIT_BOUNDS)
    const stop = (): void => {
      for (const name of EXIT_SIGNALS) process.off(name, exit)
    }
    const exit = (name: NodeJS.Signals): void => {
      stop()
      const late = (): Error => new UnavailableError(`not closed within ${timeoutMs} ms`)
      const end = (): boolean => process.kill(process.pid, name)
      within({ clock: this.#clock, timeoutMs, late }, this.close()).then(end, end)
    }
    for (const name of EXIT_SIGNALS) process.on(name, exit)
    return { [Symbol.dispose]: stop }
  }

  async #close(): Promise<void> {
    this.#controller.abort(new ClientClosedError('the client was closed; connect anew'))
    const { reason } = this.#controller.signal
    const hidden = [...this.#storages.values(), ...this.#pipes.values()]
    const closings = hidden.map(({ session }) => session.close(reason))
    await Promise.all([...closings, ...[...this.#sessions].map((session) => session.close())])
    await this.#link.close()
  }

  async #askOperator(
    path: string,
    question: OperatorQuestion,
    signal: AbortSignal | undefined,
  ): Promise<OperatorAnswer> {
    const checked = pathOf(path)
    const ask = (within: AbortSignal): Promise<OperatorAnswer> =>
      this.#link.ask(checked, question, within)
    if (!ENDINGS.has(question.kind)) return this.#call(ask, signal)
    await this.#callToEnd(ask, signal)
    return { kind: 'done' }
  }

  /** A call that makes something be there no more. */
  async #callToEnd(
    attempt: (signal: AbortSignal) => Promise<unknown>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    let attempts = 0
    try {
      await this.#call((within) => {
        attempts += 1
        return attempt(within)
      }, signal)
    } catch (error) {
      // The answer to an attempt before was lost: that attempt has done it.
      if (!(error instanceof NotFoundError && attempts > 1)) throw error
    }
  }

  /** Tries a call again while it fails for now, for a bounded time. */
  async #call<T>(
    attempt: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    signal?.throwIfAborted()
    this.#controller.signal.throwIfAborted()
    const controller = new AbortController()
    const deafen = onAbort(signal, (reason) => controller.abort(reason))
    const deafenClose = onAbort(this.#controller.signal, (reason) => controller.abort(reason))
    let last: unknown = null
    const timer = this.#clock.after(
      CALL_TIMEOUT_MS,
      () => controller.abort(last ?? new UnavailableError(`no answer from ${this.#link.address}`)),
      true,
    )
    const backoff = new Backoff(this.#random)
    try {
      for (;;) {
        try {
          return await untilAbort(attempt(controller.signal), controller.signal)
        } catch (error) {
          controller.signal.throwIfAborted()
          if (!(error instanceof TenureError && error.retryable)) throw error
          last = error
        }
        await pause(this.#clock, backoff.nextMs(), controller.signal)
      }
    } finally {
      timer.cancel()
      deafen()
      deafenClose()
    }
  }

  async #openPatiently(
    path: string,
    options: SessionOptions,
    signal: AbortSignal | undefined,
  ): Promise<Session> {
    const backoff = new Backoff(this.#random)
    for (;;) {
      try {
        return await this.openSession(path, options, signal)
      } catch (error) {
        signal?.throwIfAborted()
        this.#controller.signal.throwIfAborted()
        if (!(error instanceof TenureError && error.retryable)) throw error
      }
      await pause(this.#clock, backoff.nextMs(), signal)
    }
  }
}

/** A client over any link. */
export function clientOver(link: Link, surroundings?: Surroundings): Client {
  return new Client(link, surroundings)
}

/** Waits until `ending` aborts; rejects with the reason of `signal` if that comes first. */
function ended(ending: AbortSignal, signal: AbortSignal | undefined): Promise<void> {
  if (ending.aborted) return Promise.resolve()
  const over = new Promise<void>((resolve) => {
    ending.addEventListener('abort', () => resolve(), { once: true })
  })
  return untilAbort(over, signal)
}
