/** The row that says which format a store has. */
import { EngineError } from '../errors.ts'
import { damaged } from './failure.ts'
import * as layout from './layout.ts'

/** @throws DamagedError when the sealed header cannot be read, EngineError when another release wrote it */
export function checkHeader(directory: string, sealed: Uint8Array): void {
  const content = layout.unseal(layout.HEADER_KEY, sealed)
  const version = content === null ? null : layout.decodeHeader(content)
  if (version === null) throw damaged(directory, 'its header cannot be read')
  if (version === layout.FORMAT_VERSION) return
  throw new EngineError(
    `the store ${directory} has format ${version}, this program reads format ${layout.FORMAT_VERSION}: ` +
      'use the release that wrote it',
  )
}
