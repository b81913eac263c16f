/**
 * Keeps creations of other servers out of the way of one here.
 *
 * Whoever is to create a node has claimed its partition, and so has written what it intends. Then it looks at every place above and below: a
 * node there refuses it, and where only a claim is it claims that, too, so that a creation which is under way there fails. Of two servers
 * at least one looks after both have claimed, so at most one of them goes on.
 */
import type { Engine, OwnerInfo } from '@tenure/engine'
import { NODE_KEY } from '@tenure/kernel'
import { type PathRefusal, refusalAt } from './directory.ts'

export interface RivalPorts {
  readonly engine: Engine
  readonly owner: OwnerInfo
  /** Claims are to have epochs above this one. */
  readonly above: bigint
}

/** Why the claimed path can have no node; null when nobody else can make one that forbids it. */
export function refusalByRivals(
  path: string,
  { engine, owner, above }: RivalPorts,
): Promise<Exclude<PathRefusal, 'absent'> | null> {
  const isStored = async (other: string): Promise<boolean> =>
    (await engine.peek(other, NODE_KEY)) !== undefined
  return refusalAt(path, {
    candidates: (prefix) => engine.partitions(prefix),
    async exists(other) {
      if (await isStored(other)) return true
      if ((await engine.ownerOf(other)) === null) return false
      const claimed = await engine.claim(other, owner, above)
      await claimed.close()
      return isStored(other)
    },
  })
}

/** The place of a node was found taken when it had been claimed. */
export class PlaceTaken extends Error {
  override readonly name = 'PlaceTaken'
  readonly refusal: PathRefusal

  constructor(refusal: PathRefusal) {
    super(`the place is taken: ${refusal}`)
    this.refusal = refusal
  }
}
