/**
 * The row of the node itself: its settings as they were given.
 */
import { writeU32 } from '../bytes.ts'
import type { ConsistencyMode, CountersMode, NodeConfig } from '../command.ts'
import { RowReader, ROW_VERSION } from './row-reader.ts'

// The position in the list is what is written.
export const CONSISTENCY_MODES: readonly ConsistencyMode[] = ['unset', 'strict', 'relaxed']
export const COUNTERS_MODES: readonly CountersMode[] = ['unset', 'aggregated', 'detailed']

export function encodeNodeConfig(config: NodeConfig): Uint8Array {
  const value = new Uint8Array(12)
  value[0] = ROW_VERSION
  writeU32(value, 1, config.selfCheckPeriodMs)
  writeU32(value, 5, config.sessionGracePeriodMs)
  value[9] = CONSISTENCY_MODES.indexOf(config.readConsistency)
  value[10] = CONSISTENCY_MODES.indexOf(config.attachConsistency)
  value[11] = COUNTERS_MODES.indexOf(config.rateLimiterCounters)
  return value
}

/**
 * The settings kept under `NODE_KEY`.
 *
 * @throws InvariantError when the value cannot be understood
 */
export function decodeNodeConfig(value: Uint8Array): NodeConfig {
  const row: RowReader = new RowReader('node', value)
  const config = {
    selfCheckPeriodMs: row.u32(),
    sessionGracePeriodMs: row.u32(),
    readConsistency: pick(row, CONSISTENCY_MODES),
    attachConsistency: pick(row, CONSISTENCY_MODES),
    rateLimiterCounters: pick(row, COUNTERS_MODES),
  }
  row.end()
  return config
}

function pick<T extends string>(row: RowReader, modes: readonly T[]): T {
  const mode = modes[row.byte()]
  row.check(mode !== undefined, 'mode')
  return mode
}
