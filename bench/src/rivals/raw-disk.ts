/** The disk as the file engine could use it at best: the bytes of each commit at the end of a file that has its size already. */
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { setsOfRows } from '../subjects/rows.ts'
import type { Subject, Visitor } from '../subjects/subject.ts'

const FILE_BYTES = 67_108_864
const SECTOR_BYTES = 4_096

export const diskRaw: Subject = {
  id: 'disk-raw',
  title: 'The disk itself',
  family: 'rival',
  durable: true,
  settings:
    'one write with O_DSYNC of keys and values for each commit, in whole sectors of a file that is filled beforehand',
  workloads: new Set(['file-commits']),
  async start(folder) {
    const file = join(folder, 'file')
    await writeFile(file, Buffer.alloc(FILE_BYTES, 1))
    return { address: file, pid: null, version: process.version, stop: async () => {} }
  },
  visit: async (address) => visitFile(address),
}

function visitFile(file: string): Visitor {
  const descriptor = openSync(file, constants.O_WRONLY | constants.O_DSYNC)
  let at = 0
  return {
    async committer(rows) {
      const next = setsOfRows(rows, (set) => {
        const bytes = Buffer.concat(set.flatMap(({ key, value }) => [key, value]))
        const sectors = Math.ceil(bytes.length / SECTOR_BYTES)
        return Buffer.concat([bytes], sectors * SECTOR_BYTES)
      })
      return {
        async commit() {
          const bytes = next()
          if (at + bytes.length > FILE_BYTES) at = 0
          writeSync(descriptor, bytes, 0, bytes.length, at)
          at += bytes.length
          // As long as nothing waits for anything, no timer of the measurement would have its turn.
          await turn()
        },
      }
    },
    async close() {
      closeSync(descriptor)
    },
  }
}
