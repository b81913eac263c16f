/** What is moved: the nodes of a cut, or those of a backup. */
import type { Cut, CutPartition } from '@tenure/engine'
import { decodeLineage, LINEAGE_KEY, LINEAGE_PARTITION, wholeIncarnation } from './lineage.ts'

export interface Source {
  /** 0 of a store that was never moved. */
  readonly incarnation: bigint
  /** Each is read before the next is asked for. */
  nodes(): AsyncIterable<CutPartition>
}

/** How much has been moved. */
export interface Moved {
  readonly nodes: number
  readonly entries: number
  /** Of keys and values. */
  readonly bytes: number
}

/**
 * The nodes of a store.
 *
 * @param where the store, for people
 * @throws EngineError when a restore into it has not come to its end
 */
export async function sourceOfCut(cut: Cut, where: string): Promise<Source> {
  return { incarnation: await incarnationOf(cut, where), nodes: () => nodesOf(cut) }
}

async function* nodesOf(cut: Cut): AsyncIterable<CutPartition> {
  for await (const partition of cut.partitions()) {
    if (partition.name !== LINEAGE_PARTITION) yield partition
  }
}

async function incarnationOf(cut: Cut, where: string): Promise<bigint> {
  for await (const partition of cut.partitions()) {
    // It comes before all paths.
    if (partition.name > LINEAGE_PARTITION) break
    if (partition.name !== LINEAGE_PARTITION) continue
    for await (const [key, row] of partition.entries()) {
      if (Buffer.compare(key, LINEAGE_KEY) !== 0) continue
      return wholeIncarnation(decodeLineage(row, where), where)
    }
  }
  return 0n
}
