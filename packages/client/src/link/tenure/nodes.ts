/** Node settings between this library's words and the protocol's, in which zero and 'unset' mean "not set". */
import type { NodeMessage, NodeSettings } from '@tenure/protocol'
import { nodePeriodOf } from '../../arguments.ts'
import type { NodeConfig, NodeDescription } from '../../node.ts'

/** @throws RangeError when a period is no uint32 above 0 */
export function settingsOf(config: NodeConfig): NodeSettings {
  const { selfCheckPeriodMs, sessionGracePeriodMs } = config
  return {
    selfCheckPeriodMs: nodePeriodOf(selfCheckPeriodMs, 'selfCheckPeriodMs'),
    sessionGracePeriodMs: nodePeriodOf(sessionGracePeriodMs, 'sessionGracePeriodMs'),
    readConsistency: config.readConsistency ?? 'unset',
    attachConsistency: config.attachConsistency ?? 'unset',
    rateLimiterCounters: config.rateLimiterCounters ?? 'unset',
  }
}

export function nodeOf({ path, config }: NodeMessage): NodeDescription {
  const { selfCheckPeriodMs, sessionGracePeriodMs } = config
  const { readConsistency, attachConsistency, rateLimiterCounters } = config
  return {
    path,
    config: {
      ...(selfCheckPeriodMs === 0 ? {} : { selfCheckPeriodMs }),
      ...(sessionGracePeriodMs === 0 ? {} : { sessionGracePeriodMs }),
      ...(readConsistency === 'unset' ? {} : { readConsistency }),
      ...(attachConsistency === 'unset' ? {} : { attachConsistency }),
      ...(rateLimiterCounters === 'unset' ? {} : { rateLimiterCounters }),
    },
  }
}
