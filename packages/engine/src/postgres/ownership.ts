/** What a row of `partitions` says about who owns it. */
import type { Ownership } from '../engine.ts'
import { EngineError, FencedError } from '../errors.ts'
import { AwayError } from './failure.ts'
import type { Row } from './link.ts'

export interface Claimed {
  readonly name: string
  /** As it stands in `rows`. */
  readonly number: string
  readonly epoch: bigint
}

/** How many columns of a row are read here: epoch, mark, id, address, and whether a standby answered. */
export const OWNED_COLUMNS = 5

export interface Owned {
  readonly ownership: Ownership
  readonly mark: bigint
}

/** null when the partition is not there. @throws AwayError for the answer of a standby, which may be old */
export function ownedOf(row: Row | undefined): Owned | null {
  if (row === undefined) return null
  const [epoch, mark, id, address, isStandby] = row
  if (isStandby === 't') throw new AwayError('a standby answered, which may know less')
  return {
    ownership: { epoch: bigintOf(epoch), id: String(id), address: String(address) },
    mark: bigintOf(mark),
  }
}

/** @throws FencedError when another claim stands, AwayError for the answer of a standby */
export function assertOwned(row: Row | undefined, { name, epoch }: Claimed): Owned {
  const owned = ownedOf(row)
  if (owned?.ownership.epoch === epoch) return owned
  throw FencedError.by(name, epoch, owned?.ownership ?? null)
}

export function bigintOf(cell: string | Buffer | null | undefined): bigint {
  if (typeof cell !== 'string') throw new EngineError('the database answered with no number')
  return BigInt(cell)
}
