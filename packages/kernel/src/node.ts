/**
 * The settings of a coordination node: what may be stored, how they merge, what they mean.
 */
import type { NodeConfig } from './command.ts'
import { CONSISTENCY_MODES, COUNTERS_MODES } from './rows/node-row.ts'

const U32_MAX = 0xffff_ffff

const SELF_CHECK_DEFAULT_MS = 1_000
const SELF_CHECK_MIN_MS = 500
const SELF_CHECK_MAX_MS = 10_000
const GRACE_DEFAULT_MS = 10_000
const GRACE_MAX_MS = 30_000
/** An owner that lost the partition notices within its self-check; the grace period must be longer by this. */
const GRACE_OVER_SELF_CHECK_MS = 1_000

/** Null when the settings can be stored: any 32-bit number can, and any mode there is. */
export function problemOfNodeConfig(config: NodeConfig): string | null {
  if (!isU32(config.selfCheckPeriodMs) || !isU32(config.sessionGracePeriodMs)) {
    return 'the periods must be whole milliseconds, from 0 to 2^32-1'
  }
  const known =
    CONSISTENCY_MODES.includes(config.readConsistency) &&
    CONSISTENCY_MODES.includes(config.attachConsistency) &&
    COUNTERS_MODES.includes(config.rateLimiterCounters)
  return known ? null : 'there is no such mode'
}

/** `stored` with every setting replaced that is set in `given`. */
export function mergeNodeConfig(stored: NodeConfig, given: NodeConfig): NodeConfig {
  return {
    selfCheckPeriodMs: given.selfCheckPeriodMs || stored.selfCheckPeriodMs,
    sessionGracePeriodMs: given.sessionGracePeriodMs || stored.sessionGracePeriodMs,
    readConsistency: pickSet(given.readConsistency, stored.readConsistency),
    attachConsistency: pickSet(given.attachConsistency, stored.attachConsistency),
    rateLimiterCounters: pickSet(given.rateLimiterCounters, stored.rateLimiterCounters),
  }
}

/** How much longer than its timeout a session lives after the node came back. */
export function effectiveGraceMs(config: NodeConfig): number {
  const selfCheckMs = config.selfCheckPeriodMs || SELF_CHECK_DEFAULT_MS
  const clampedMs = Math.min(Math.max(selfCheckMs, SELF_CHECK_MIN_MS), SELF_CHECK_MAX_MS)
  const graceMs = config.sessionGracePeriodMs || GRACE_DEFAULT_MS
  return Math.max(Math.min(graceMs, GRACE_MAX_MS), clampedMs + GRACE_OVER_SELF_CHECK_MS)
}

function isU32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= U32_MAX
}

function pickSet<T extends string>(given: T | 'unset', stored: T): T {
  return given === 'unset' ? stored : given
}
