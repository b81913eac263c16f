/**
 * Where a store comes from: which incarnation it is, and whether it is still being moved.
 *
 * It is one row in a partition of its own, which no node can have: paths begin with a slash. A store that was never moved has none.
 * The row is there before anything of a restore is written, and says that it is done after all of it has been.
 */
import { EngineError } from '@tenure/engine'
import type { Engine } from '@tenure/engine'
import { INCARNATION_MAX } from '@tenure/kernel'

/** Before all paths, so that whoever reads a store in order meets it first. */
export const LINEAGE_PARTITION = '.lineage'

export const LINEAGE_KEY: Uint8Array = new Uint8Array(Buffer.from('lineage'))

export interface Lineage {
  /** 0 of a store that was never moved. */
  readonly incarnation: bigint
  /** Who restores into it; null when that is done. */
  readonly restoring: string | null
}

/** Of a store that says nothing of it. */
export const FIRST_LINEAGE: Lineage = { incarnation: 0n, restoring: null }
const VERSION = 1

export function encodeLineage({ incarnation, restoring }: Lineage): Uint8Array {
  const text = JSON.stringify({ version: VERSION, incarnation: Number(incarnation), restoring })
  return new Uint8Array(Buffer.from(text))
}

/** @param where the store, for people. @throws EngineError when it cannot be understood */
export function decodeLineage(row: Uint8Array, where: string): Lineage {
  let content: unknown
  try {
    content = JSON.parse(Buffer.from(row).toString('utf8'))
  } catch {
    content = null
  }
  const { version, incarnation, restoring } = fieldsOf(content)
  const isKnown =
    version === VERSION &&
    typeof incarnation === 'number' &&
    Number.isInteger(incarnation) &&
    incarnation >= 0 &&
    incarnation <= Number(INCARNATION_MAX) &&
    (restoring === null || typeof restoring === 'string')
  if (isKnown) return { incarnation: BigInt(incarnation), restoring }
  throw new EngineError(
    `${where}: what it says of its lineage cannot be understood: use the release that wrote it`,
  )
}

function fieldsOf(content: unknown): Record<string, unknown> {
  return typeof content === 'object' && content !== null ? { ...content } : {}
}

/** @throws EngineError when it cannot be read */
export async function readLineage(engine: Engine): Promise<Lineage> {
  const row = await engine.peek(LINEAGE_PARTITION, LINEAGE_KEY)
  return row === undefined ? FIRST_LINEAGE : decodeLineage(row, engine.name)
}

/**
 * The incarnation of a store that is whole.
 *
 * @throws EngineError when a restore into it has not come to its end
 */
export function wholeIncarnation({ incarnation, restoring }: Lineage, where: string): bigint {
  if (restoring === null) return incarnation
  throw new EngineError(
    `a restore into ${where} has not come to its end, so only a part of it is there: nothing is served from it. ` +
      'Run the restore again: it begins anew',
  )
}
