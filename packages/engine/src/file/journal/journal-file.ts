/** One file of the journal: written from its start on, again and again. */
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  openSync,
  renameSync,
  rmSync,
  write,
  writeSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { syncFile } from '../marker.ts'
import type { Leftover } from './leftover.ts'
import { JOURNAL_FILES, UNFINISHED } from './names.ts'
import { SECTOR_BYTES } from './sectors.ts'
import type { Position, Sectors } from './sectors.ts'

const writeLater = promisify(write)
const syncLater = promisify(fdatasync)

export interface JournalFileParts {
  readonly place: string
  /** Which of the files. */
  readonly file: number
  readonly sectors: Sectors
  readonly size: number
}

export class JournalFile {
  readonly size: number
  readonly #file: number
  readonly #descriptor: number
  #used: number

  private constructor(
    { place, file, size }: Pick<JournalFileParts, 'place' | 'file' | 'size'>,
    used: number,
  ) {
    this.#file = file
    this.size = size
    this.#used = used
    this.#descriptor = openSync(join(place, nameOf(file)), 'r+')
  }

  /** One that is there. @param leftover what it says */
  static reopen(place: string, { file, size, used }: Leftover): JournalFile {
    return new JournalFile({ place, file, size }, used)
  }

  /** Makes it anew, also where there is one; on disk when it resolves. @param parts its `size` in sectors */
  static async create(parts: JournalFileParts): Promise<JournalFile> {
    await JournalFile.prepare(parts)
    return JournalFile.take(parts)
  }

  /** Makes a file that `take` puts into its place. When it rejects nothing is different from before. */
  static async prepare({ place, file, sectors, size }: JournalFileParts): Promise<void> {
    const unfinished = join(place, nameOf(file) + UNFINISHED)
    try {
      const handle = await open(unfinished, 'w', 0o600)
      try {
        await handle.writeFile(sectors.blank(file, size))
        await handle.sync()
      } finally {
        await handle.close()
      }
    } catch (error) {
      rmSync(unfinished, { force: true })
      throw error
    }
  }

  /** @throws when it is not known which file is in the place */
  static take(parts: JournalFileParts): JournalFile {
    const { place, file } = parts
    const path = join(place, nameOf(file))
    renameSync(path + UNFINISHED, path)
    syncFile(place)
    return new JournalFile(parts, 0)
  }

  /** Where the next group begins. */
  get next(): Position {
    return { file: this.#file, size: this.size, index: this.#used }
  }

  /** How many sectors are free. */
  get left(): number {
    return this.size - this.#used
  }

  /** Writes whole sectors after the others, and waits for the disk. */
  writeNow(content: Buffer): void {
    assertWhole(content, writeSync(this.#descriptor, content, 0, content.length, this.#at))
    fdatasyncSync(this.#descriptor)
    this.#used += content.length / SECTOR_BYTES
  }

  /** The same, while other things are done. */
  async write(content: Buffer): Promise<void> {
    const { bytesWritten } = await writeLater(
      this.#descriptor,
      content,
      0,
      content.length,
      this.#at,
    )
    assertWhole(content, bytesWritten)
    await syncLater(this.#descriptor)
    this.#used += content.length / SECTOR_BYTES
  }

  /** Nothing in it is needed any more. */
  rewind(): void {
    this.#used = 0
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  get #at(): number {
    return this.#used * SECTOR_BYTES
  }
}

function nameOf(file: number): string {
  return JOURNAL_FILES[file] ?? `journal-${file}`
}

function assertWhole(content: Buffer, bytesWritten: number): void {
  if (bytesWritten === content.length) return
  throw new Error(`the disk took ${bytesWritten} of ${content.length} bytes of the journal`)
}
