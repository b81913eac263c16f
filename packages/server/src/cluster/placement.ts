/**
 * To which server a node belongs: to the one whose score for the node's path is the highest. So every server that sees the same servers
 * says the same, shares are even, and one that comes or goes moves its own share and nothing else.
 */
import { createHash } from 'node:crypto'
import type { OwnerInfo } from '@tenure/engine'

/** @returns null when there are none */
export function ownerAmong(path: string, servers: readonly OwnerInfo[]): OwnerInfo | null {
  let owner: OwnerInfo | null = null
  let highest: Buffer | null = null
  for (const server of servers) {
    const score = scoreOf(path, server)
    if (highest !== null && score.compare(highest) <= 0) continue
    owner = server
    highest = score
  }
  return owner
}

/** By the address, so that a server that was started again gets its nodes back. */
function scoreOf(path: string, { address }: OwnerInfo): Buffer {
  return createHash('sha1').update(`${address}\n${path}`).digest()
}
