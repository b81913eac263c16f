/** What a connection says first. */
import {
  CAPABILITY,
  PROTOCOL_VERSION,
  type ServerHello,
  WireWriter,
  writeClientMessage,
} from '@tenure/protocol'
import { VERSION } from '../../version.ts'
import type { Capabilities } from './tenant.ts'

/** @param isDirected whether a session may be told that another server is nearer to its node */
export function helloFrame(isDirected: boolean): Uint8Array {
  const writer = new WireWriter()
  writeClientMessage(writer, {
    kind: 'hello',
    version: PROTOCOL_VERSION,
    capabilities: isDirected ? [CAPABILITY.elsewhere] : [],
    agent: `tenure-js/${VERSION}`,
  })
  return writer.take()
}

/** What a server can do beside what all of them can. */
export function capabilitiesOf({ capabilities }: ServerHello): Capabilities {
  return {
    hasRecords: capabilities.includes(CAPABILITY.records),
    hasLog: capabilities.includes(CAPABILITY.log),
  }
}
