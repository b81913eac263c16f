/** Values of records that are not in memory: read from where they are stored. */
import { DamagedError } from '@tenure/engine'
import type { Partition } from '@tenure/engine'
import { decodeRecordValue, recordKey } from '@tenure/kernel'
import type { RecordView } from '@tenure/kernel'

/** So many reads are under way together. */
const READS_MAX = 64

/**
 * Fills in the values, which have to be stored as they are to be told.
 *
 * @throws DamagedError when a record is not there
 */
export async function readColdValues(
  partition: Partition,
  views: readonly RecordView[],
): Promise<void> {
  for (let from = 0; from < views.length; from += READS_MAX) {
    const some = views.slice(from, from + READS_MAX)
    await Promise.all(some.map((view) => readValue(partition, view)))
  }
}

async function readValue(partition: Partition, view: RecordView): Promise<void> {
  const row = await partition.get(recordKey(view.key))
  if (row === undefined) throw new DamagedError(`record of version ${view.version} is not stored`)
  view.value = decodeRecordValue(row)
}
