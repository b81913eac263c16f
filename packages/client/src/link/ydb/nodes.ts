/** Node settings between this library's words and YDB's message, in which zero means "not set". */
import {
  type Config,
  ConfigSchema,
  ConsistencyMode as WireConsistency,
  create,
  RateLimiterCountersMode as WireCounters,
} from '@tenure/protocol'
import { nodePeriodOf } from '../../arguments.ts'
import type { ConsistencyMode, NodeConfig } from '../../node.ts'

/** @throws RangeError when a period is no uint32 above 0 */
export function configMessageOf(config: NodeConfig): Config {
  const { selfCheckPeriodMs, sessionGracePeriodMs, rateLimiterCounters } = config
  return create(ConfigSchema, {
    selfCheckPeriodMillis: nodePeriodOf(selfCheckPeriodMs, 'selfCheckPeriodMs'),
    sessionGracePeriodMillis: nodePeriodOf(sessionGracePeriodMs, 'sessionGracePeriodMs'),
    readConsistencyMode: consistencyOf(config.readConsistency),
    attachConsistencyMode: consistencyOf(config.attachConsistency),
    rateLimiterCountersMode:
      rateLimiterCounters === undefined
        ? WireCounters.UNSET
        : WireCounters[rateLimiterCounters === 'detailed' ? 'DETAILED' : 'AGGREGATED'],
  })
}

export function configOf(message: Config): NodeConfig {
  const { selfCheckPeriodMillis, sessionGracePeriodMillis, rateLimiterCountersMode } = message
  const read = consistencyWord(message.readConsistencyMode)
  const attach = consistencyWord(message.attachConsistencyMode)
  return {
    ...(selfCheckPeriodMillis === 0 ? {} : { selfCheckPeriodMs: selfCheckPeriodMillis }),
    ...(sessionGracePeriodMillis === 0 ? {} : { sessionGracePeriodMs: sessionGracePeriodMillis }),
    ...(read === null ? {} : { readConsistency: read }),
    ...(attach === null ? {} : { attachConsistency: attach }),
    ...(rateLimiterCountersMode === WireCounters.AGGREGATED
      ? { rateLimiterCounters: 'aggregated' }
      : {}),
    ...(rateLimiterCountersMode === WireCounters.DETAILED
      ? { rateLimiterCounters: 'detailed' }
      : {}),
  }
}

function consistencyOf(mode: ConsistencyMode | undefined): WireConsistency {
  if (mode === undefined) return WireConsistency.UNSET
  return WireConsistency[mode === 'strict' ? 'STRICT' : 'RELAXED']
}

function consistencyWord(mode: WireConsistency): ConsistencyMode | null {
  if (mode === WireConsistency.STRICT) return 'strict'
  return mode === WireConsistency.RELAXED ? 'relaxed' : null
}
