/** How a session is to be, as a program says it. */
import {
  boundedTextOf,
  bytesOf,
  DESCRIPTION_MAX_BYTES,
  type DurationBounds,
  durationOf,
  optionsOf,
  PROTECTION_KEY_MAX_BYTES,
  SESSION_TIMEOUT_MAX_MS,
  SESSION_TIMEOUT_MIN_MS,
} from '../arguments.ts'
import type { Bytes } from '../bytes.ts'
import type { Random } from '../random.ts'
import { marginMsOf } from './belief.ts'

export interface SessionOptions {
  /** How long the server keeps the session, and all it holds, without a word from this client. 30,000 ms by default. */
  readonly timeout?: number
  /**
   * How long before the server may give the session up it counts as lost here: what a holder needs to stop. By default 5 % of
   * the timeout, at least 250 ms but not above a third of it; at most two thirds.
   */
  readonly margin?: number
  /** Shown to people who look at the node. */
  readonly description?: string
  /** Who does not know it cannot take the session over; 16 random bytes by default. */
  readonly protectionKey?: Bytes
  /** Creates the coordination node first if it is absent. */
  readonly createNode?: boolean
  /** The longest wait for the session to be there. 10,000 ms by default. */
  readonly startTimeout?: number
  /** The longest wait of `close` for a server that does not answer. 2,000 ms by default. */
  readonly closeTimeout?: number
}

const TIMEOUT_MS = 30_000
const START_TIMEOUT_MS = 10_000
const CLOSE_TIMEOUT_MS = 2_000
const WAIT_BOUNDS: DurationBounds = { min: 1, max: SESSION_TIMEOUT_MAX_MS }
/** Contact is made several times in each timeout; what remains must be longer than the time between two. */
const MARGIN_MAX_SHARE = 2 / 3
const TIMEOUT_BOUNDS: DurationBounds = { min: SESSION_TIMEOUT_MIN_MS, max: SESSION_TIMEOUT_MAX_MS }

export interface SessionSettings {
  readonly timeoutMs: number
  readonly marginMs: number
  readonly description: string
  readonly protectionKey: Uint8Array
  readonly createNode: boolean
  readonly startTimeoutMs: number
  readonly closeTimeoutMs: number
}

/** @throws TypeError or RangeError */
export function settingsOf(options: SessionOptions, random: Random): SessionSettings {
  const { timeout = TIMEOUT_MS, description = '' } = optionsOf(options, 'the options of a session')
  const { protectionKey, createNode = false } = options
  const { startTimeout = START_TIMEOUT_MS, closeTimeout = CLOSE_TIMEOUT_MS } = options
  const timeoutMs = durationOf(timeout, 'the timeout of a session', TIMEOUT_BOUNDS)
  const { margin = marginMsOf(timeoutMs) } = options
  return {
    timeoutMs,
    marginMs: durationOf(margin, 'the margin of a session', {
      min: 1,
      max: timeoutMs * MARGIN_MAX_SHARE,
    }),
    description: boundedTextOf(description, 'the description of a session', DESCRIPTION_MAX_BYTES),
    protectionKey:
      protectionKey === undefined
        ? random.bytes(PROTECTION_KEY_MAX_BYTES)
        : bytesOf(protectionKey, 'the protection key of a session', PROTECTION_KEY_MAX_BYTES),
    createNode,
    startTimeoutMs: durationOf(startTimeout, 'startTimeout', WAIT_BOUNDS),
    closeTimeoutMs: durationOf(closeTimeout, 'closeTimeout', WAIT_BOUNDS),
  }
}
