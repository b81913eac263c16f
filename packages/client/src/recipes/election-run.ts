/**
 * An election as an operation: it runs only while this session leads, and the leadership outlasts it.
 *
 *   campaign ──► lead: the operation runs ──► it has ended by itself ──► resign, its result
 *       ▲                   └──► it is told to stop ──► it has settled ──► resign, the caller's reason
 *       └──────────────────────────────────────────────────────┘ when the leadership was lost
 *
 * Nobody else can lead while the operation runs and obeys its signal: when the caller stops it, the leadership is kept until it has
 * settled; when the leadership is lost, the signal aborts the session's margin before another can be elected. An operation that
 * runs on has overrun. It cannot be stopped, so that is reported, and no second one is started beside it.
 */
import { nothing } from '../abort.ts'
import type { Clock } from '../clock.ts'
import { AbortedError } from '../errors.ts'
import type { ElectionSession } from './election-session.ts'
import type { Leadership } from './leadership.ts'
import { LinkedAbort } from './linked-abort.ts'
import { waitForever } from './wait-forever.ts'

/**
 * What the leader does.
 *
 * @param signal aborts when the leadership is lost, and when the caller of `run` stops it: come to an end then. After a pause of the
 *   process it may be late by one turn of the event loop; `leadership.signal` compares the clocks whenever it is looked at
 */
export type ElectionOperation<R> = (signal: AbortSignal, leadership: Leadership) => Promise<R> | R

export interface ElectionRunOptions {
  /** Campaign again after a loss. By default true; else `run` rejects with the reason of the loss. */
  readonly rejoin?: boolean
  /** Is told of an operation that has overrun, once for each. By default the process warns, with the code TENURE_OVERRUN. */
  readonly onOverrun?: (overrun: Overrun) => void
}

/** An operation that was told to stop, and runs although another may lead by now. */
export interface Overrun {
  /** The name of the election. */
  readonly election: string
  /** The term in which the operation was started. */
  readonly term: bigint
  /** Why it was told to stop. */
  readonly reason: unknown
  /** How long ago it was told. It was given that time. */
  readonly elapsedMs: number
}

export interface Running {
  readonly name: string
  readonly session: ElectionSession
  readonly clock: Clock
  campaign(signal: AbortSignal | undefined): Promise<Leadership>
}

/** How a term went: the operation has ended by itself, or it was told to stop before. */
type TermEnd<R> =
  | { readonly kind: 'returned'; readonly result: R }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'stopped'; readonly reason: unknown }

/** The contract is that of `Election.run`. Settles never before the operation has. */
export async function runElection<R>(
  running: Running,
  operation: ElectionOperation<R>,
  options: ElectionRunOptions,
  signal: AbortSignal | undefined,
): Promise<R> {
  const { session, clock } = running
  // An operation may do nothing but wait for its signal.
  clock.hold()
  try {
    for (;;) {
      const end = await serveTerm(running, operation, options, signal)
      if (end.kind === 'returned') return end.result
      if (end.kind === 'threw') throw end.error
      signal?.throwIfAborted()
      session.signal.throwIfAborted()
      // Each turn means that somebody has deleted the election, or taken this session's place in it.
      if (options.rejoin === false) throw end.reason
    }
  } finally {
    clock.letGo()
  }
}

async function serveTerm<R>(
  running: Running,
  operation: ElectionOperation<R>,
  options: ElectionRunOptions,
  signal: AbortSignal | undefined,
): Promise<TermEnd<R>> {
  let leadership: Leadership
  try {
    leadership = await running.campaign(signal)
  } catch (error) {
    if (error instanceof AbortedError) return { kind: 'stopped', reason: error }
    throw error
  }
  await using _untilSettled = leadership
  using ends = new LinkedAbort(leadership.signal, signal)
  if (ends.signal.aborted) return { kind: 'stopped', reason: ends.signal.reason }
  const settled = attempt(operation, leadership, ends.signal)
  await Promise.race([settled, waitForever(ends.signal)])
  if (ends.signal.aborted)
    await untilSettled(running, leadership, { settled, reason: ends.signal.reason }, options)
  return await settled
}

/** Never rejects. */
async function attempt<R>(
  operation: ElectionOperation<R>,
  leadership: Leadership,
  signal: AbortSignal,
): Promise<TermEnd<R>> {
  let end: TermEnd<R>
  try {
    end = { kind: 'returned', result: await operation(signal, leadership) }
  } catch (error) {
    end = { kind: 'threw', error }
  }
  // Compares the clocks: after a pause the term may have been over before the operation was.
  void leadership.signal
  // What was told to stop may say so with an error of any kind.
  return signal.aborted ? { kind: 'stopped', reason: signal.reason } : end
}

interface Stopping {
  readonly settled: Promise<unknown>
  readonly reason: unknown
}

/**
 * Waits for an operation that was told to stop, however long it takes. The leadership is not kept for longer than the lease
 * would last from now on without a word from this client: a program that hangs is to be no worse than one that has died.
 */
async function untilSettled(
  { name, session, clock }: Running,
  leadership: Leadership,
  { settled, reason }: Stopping,
  { onOverrun = warn }: ElectionRunOptions,
): Promise<void> {
  const toldAtMs = clock.monotonicMs()
  const boundMs = leadership.signal.aborted ? session.margin : session.expiresInMs
  if (await settlesWithin(clock, settled, boundMs)) return
  // What becomes of the release is told when the leadership is disposed of.
  leadership.resign().catch(nothing)
  try {
    const elapsedMs = clock.monotonicMs() - toldAtMs
    onOverrun({ election: name, term: leadership.term, reason, elapsedMs })
  } finally {
    await settled
  }
}

/** @param settled never rejects */
function settlesWithin(clock: Clock, settled: Promise<unknown>, boundMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.after(boundMs, () => resolve(false), true)
    void settled.then(() => {
      timer.cancel()
      return resolve(true)
    })
  })
}

function warn({ election, term, elapsedMs }: Overrun): void {
  const message = `the operation of the election "${election}", term ${term}, runs on ${Math.round(elapsedMs)} ms after it was told to stop, and another may lead by now; let it obey its signal`
  process.emitWarning(message, { type: 'TenureWarning', code: 'TENURE_OVERRUN' })
}
