/** Nodes and their settings. */
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'
import type { WireWriter } from '../wire-writer.ts'
import type { ConsistencyName, CountersName, NodeSettings } from './client-message.ts'
import type { NodeMessage } from './server-message.ts'

const CONSISTENCIES: readonly ConsistencyName[] = ['unset', 'strict', 'relaxed']
const COUNTERS: readonly CountersName[] = ['unset', 'aggregated', 'detailed']

export const NO_SETTINGS: NodeSettings = {
  selfCheckPeriodMs: 0,
  sessionGracePeriodMs: 0,
  readConsistency: 'unset',
  attachConsistency: 'unset',
  rateLimiterCounters: 'unset',
}

export function writeSettings(writer: WireWriter, field: number, settings: NodeSettings): void {
  const start = writer.beginMessage(field)
  writer.u32Field(1, settings.selfCheckPeriodMs)
  writer.u32Field(2, settings.sessionGracePeriodMs)
  writer.u32Field(3, CONSISTENCIES.indexOf(settings.readConsistency))
  writer.u32Field(4, CONSISTENCIES.indexOf(settings.attachConsistency))
  writer.u32Field(5, COUNTERS.indexOf(settings.rateLimiterCounters))
  writer.endMessage(start)
}

/** Reads the settings at which the reader stands. A mode that is not known counts as not set. */
export function readSettings(reader: WireReader): NodeSettings {
  const outerEnd = reader.enter()
  const settings = { ...NO_SETTINGS }
  while (reader.nextField()) {
    const { field } = reader
    if (reader.wireType !== VARINT) reader.skip()
    else if (field === 1) settings.selfCheckPeriodMs = reader.u32()
    else if (field === 2) settings.sessionGracePeriodMs = reader.u32()
    else if (field === 3) settings.readConsistency = CONSISTENCIES[reader.u32()] ?? 'unset'
    else if (field === 4) settings.attachConsistency = CONSISTENCIES[reader.u32()] ?? 'unset'
    else if (field === 5) settings.rateLimiterCounters = COUNTERS[reader.u32()] ?? 'unset'
    else reader.skip()
  }
  reader.leave(outerEnd)
  return settings
}

export function writeNode(writer: WireWriter, node: NodeMessage): void {
  const start = writer.beginMessage(1)
  writer.textField(1, node.path)
  writeSettings(writer, 2, node.config)
  writer.endMessage(start)
}

/** Reads the node at which the reader stands. */
function readNode(reader: WireReader): NodeMessage {
  const outerEnd = reader.enter()
  let path = ''
  let config = NO_SETTINGS
  while (reader.nextField()) {
    if (reader.wireType !== BYTES) reader.skip()
    else if (reader.field === 1) path = reader.text()
    else if (reader.field === 2) config = readSettings(reader)
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { path, config }
}

/** Reads the nodes of the answer at which the reader stands. */
export function readNodes(reader: WireReader): NodeMessage[] {
  const outerEnd = reader.enter()
  const nodes: NodeMessage[] = []
  while (reader.nextField()) {
    if (reader.field === 1 && reader.wireType === BYTES) nodes.push(readNode(reader))
    else reader.skip()
  }
  reader.leave(outerEnd)
  return nodes
}
