/** The row that says which format a store has, and whether its journal is needed. */
import { EngineError } from '../errors.ts'
import { damaged } from './failure.ts'
import * as layout from './layout.ts'

/**
 * @returns which journal is in use; null when none is
 * @throws DamagedError when the sealed header cannot be read, EngineError when another release wrote it
 */
export function readHeader(directory: string, sealed: Uint8Array): layout.JournalMark | null {
  const content = layout.unseal(layout.HEADER_KEY, sealed)
  const header = content === null ? null : layout.decodeHeader(content)
  if (header === null) throw damaged(directory, 'its header cannot be read')
  if (header.isKnown) return header.journal
  throw new EngineError(
    `the store ${directory} has format ${header.version}, which this program cannot read: use the release that wrote it`,
  )
}
