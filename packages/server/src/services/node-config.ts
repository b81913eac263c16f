/** A node's settings between the wire and the kernel. */
import type { ConsistencyMode, CountersMode, NodeConfig } from '@tenure/kernel'
import {
  type Config,
  ConsistencyMode as WireConsistency,
  RateLimiterCountersMode as WireCounters,
} from '@tenure/protocol'

const UNSET: NodeConfig = {
  selfCheckPeriodMs: 0,
  sessionGracePeriodMs: 0,
  readConsistency: 'unset',
  attachConsistency: 'unset',
  rateLimiterCounters: 'unset',
}

/** Values are taken as they are; numbers that no mode has count as not set. */
export function configOf(config: Config | undefined): NodeConfig {
  if (config === undefined) return UNSET
  return {
    selfCheckPeriodMs: config.selfCheckPeriodMillis,
    sessionGracePeriodMs: config.sessionGracePeriodMillis,
    readConsistency: consistencyOf(config.readConsistencyMode),
    attachConsistency: consistencyOf(config.attachConsistencyMode),
    rateLimiterCounters: countersOf(config.rateLimiterCountersMode),
  }
}

function consistencyOf(mode: WireConsistency): ConsistencyMode {
  if (mode === WireConsistency.STRICT) return 'strict'
  return mode === WireConsistency.RELAXED ? 'relaxed' : 'unset'
}

function countersOf(mode: WireCounters): CountersMode {
  if (mode === WireCounters.AGGREGATED) return 'aggregated'
  return mode === WireCounters.DETAILED ? 'detailed' : 'unset'
}

const CONSISTENCY: Readonly<Record<ConsistencyMode, WireConsistency>> = {
  unset: WireConsistency.UNSET,
  strict: WireConsistency.STRICT,
  relaxed: WireConsistency.RELAXED,
}

const COUNTERS: Readonly<Record<CountersMode, WireCounters>> = {
  unset: WireCounters.UNSET,
  aggregated: WireCounters.AGGREGATED,
  detailed: WireCounters.DETAILED,
}

/** The settings as stored; the path stays empty, as YDB leaves it. */
export function wireConfigOf(config: NodeConfig): Omit<Config, '$typeName' | '$unknown'> {
  return {
    path: '',
    selfCheckPeriodMillis: config.selfCheckPeriodMs,
    sessionGracePeriodMillis: config.sessionGracePeriodMs,
    readConsistencyMode: CONSISTENCY[config.readConsistency],
    attachConsistencyMode: CONSISTENCY[config.attachConsistency],
    rateLimiterCountersMode: COUNTERS[config.rateLimiterCounters],
  }
}
