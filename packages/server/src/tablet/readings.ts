/** What a kernel asked to read: ranges of what is stored, a part of each. */
import type { Partition } from '@tenure/engine'
import type { Entry, Found, Reading } from '@tenure/kernel'
import type { Clock } from '../clock.ts'

/** So many reads are under way together. */
const READS_MAX = 16

/** After so many entries the event loop gets its turn. */
const ENTRIES_PER_TURN = 2_048

export interface ReadingPorts {
  readonly partition: Partition
  readonly clock: Clock
  /** Called once for each reading, in their order. */
  found(reading: Reading, found: Found): void
}

export async function readAll(readings: readonly Reading[], ports: ReadingPorts): Promise<void> {
  for (let from = 0; from < readings.length; from += READS_MAX) {
    const some = readings.slice(from, from + READS_MAX)
    const founds = await Promise.all(some.map(async (reading) => read(reading, ports)))
    founds.forEach((found, at) => {
      const reading = some[at]
      if (reading !== undefined) ports.found(reading, found)
    })
  }
}

async function read({ range, entriesMax, bytesMax }: Reading, ports: ReadingPorts): Promise<Found> {
  const { partition, clock } = ports
  const entries: Entry[] = []
  let bytes = 0
  for await (const entry of partition.scan(range)) {
    if (entries.length >= entriesMax || bytes >= bytesMax) return { entries, isWhole: false }
    entries.push(entry)
    bytes += entry[0].length + entry[1].length
    if (entries.length % ENTRIES_PER_TURN === 0) {
      await new Promise<void>((resolve) => clock.afterInput(resolve))
    }
  }
  return { entries, isWhole: true }
}
