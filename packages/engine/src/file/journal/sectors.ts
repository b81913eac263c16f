/**
 * The sectors of a journal file.
 *
 * | bytes | content |
 * | --- | --- |
 * | 0 | checksum of all the rest, begun with the generation of the journal |
 * | 8 | sequence number of the group that the sector belongs to (6 bytes) |
 * | 14 | how many bytes of it are here; the highest bit says that they are its last |
 * | 16 | which sector of which file it is |
 * | 20 | how many sectors the file has |
 * | 24 | a part of the group |
 *
 * Numbers are little-endian. A disk writes a sector wholly or not at all, so after a loss of power each is as it was before the last write or after it, and has
 * a true checksum (I-33): the file is made full of such sectors. One that fails its checksum was therefore damaged, and is not the end of what was written.
 */
import { RowChecksum } from '../checksum.ts'

export const SECTOR_BYTES = 512
const SEQUENCE_AT = 8
const USED_AT = 14
const POSITION_AT = 16
const SIZE_AT = 20
const HEAD_BYTES = 24
const ROOM_BYTES: number = SECTOR_BYTES - HEAD_BYTES
const LAST = 0x8000
/** More sectors than one file has. */
const FILE_STEP = 0x1000_0000

/** Where a sector lies. */
export interface Position {
  /** Which of the files. */
  readonly file: number
  /** How many sectors that has. */
  readonly size: number
  readonly index: number
}

export interface Sector {
  readonly sequence: number
  readonly isLast: boolean
  readonly part: Buffer
}

/** So many sectors a group of so many bytes takes. */
export function sectorsFor(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / ROOM_BYTES))
}

/** Writes and reads the sectors of one generation. */
export class Sectors {
  readonly #checksum: RowChecksum

  constructor(generation: number) {
    this.#checksum = new RowChecksum(generation)
  }

  /** Lays a group into `target`, which has room for it and will lie at `position`. */
  lay(target: Buffer, group: Buffer, { sequence, at }: { sequence: number; at: Position }): void {
    const view = viewOf(target)
    const count = sectorsFor(group.length)
    for (let index = 0; index < count; index += 1) {
      const start = index * SECTOR_BYTES
      const from = index * ROOM_BYTES
      const used = Math.min(ROOM_BYTES, group.length - from)
      const isLast = index === count - 1
      group.copy(target, start + HEAD_BYTES, from, from + used)
      if (used < ROOM_BYTES) target.fill(0, start + HEAD_BYTES + used, start + SECTOR_BYTES)
      target.writeUIntLE(sequence, start + SEQUENCE_AT, 6)
      view.setUint16(start + USED_AT, isLast ? used + LAST : used, true)
      view.setUint32(start + POSITION_AT, at.file * FILE_STEP + at.index + index, true)
      view.setUint32(start + SIZE_AT, at.size, true)
      this.#sum(view, start)
      view.setUint32(start, this.#checksum.low, true)
      view.setUint32(start + 4, this.#checksum.high, true)
    }
  }

  /** The sectors of a file in which nothing was written yet, from the first on. */
  blank(file: number, size: number): Buffer {
    const content = Buffer.alloc(size * SECTOR_BYTES)
    const nothing = Buffer.alloc(0)
    for (let index = 0; index < size; index += 1) {
      const target = content.subarray(index * SECTOR_BYTES, (index + 1) * SECTOR_BYTES)
      this.lay(target, nothing, { sequence: 0, at: { file, size, index } })
    }
    return content
  }

  /** All sectors of a file; null when one of them is none of this file. */
  read(file: number, content: Buffer): Sector[] | null {
    const view = viewOf(content)
    const size = content.length / SECTOR_BYTES
    if (size < 1 || !Number.isInteger(size)) return null
    const sectors: Sector[] = []
    for (let index = 0; index < size; index += 1) {
      if (!this.#isSound(view, { file, size, index })) return null
      const start = index * SECTOR_BYTES
      const field = view.getUint16(start + USED_AT, true)
      const partAt = start + HEAD_BYTES
      sectors.push({
        sequence: content.readUIntLE(start + SEQUENCE_AT, 6),
        isLast: field >= LAST,
        part: content.subarray(partAt, partAt + (field % LAST)),
      })
    }
    return sectors
  }

  #isSound(view: DataView, { file, size, index }: Position): boolean {
    const start = index * SECTOR_BYTES
    this.#sum(view, start)
    return (
      view.getUint32(start, true) === this.#checksum.low &&
      view.getUint32(start + 4, true) === this.#checksum.high &&
      view.getUint32(start + POSITION_AT, true) === file * FILE_STEP + index &&
      view.getUint32(start + SIZE_AT, true) === size
    )
  }

  #sum(view: DataView, start: number): void {
    this.#checksum.begin()
    this.#checksum.add(view, start + SEQUENCE_AT, SECTOR_BYTES - SEQUENCE_AT)
    this.#checksum.end()
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
