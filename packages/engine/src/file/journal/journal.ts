/**
 * The journal: groups of commits one after the other, on disk before anybody is told, in LMDB later.
 *
 * Two files take turns. When one is full the other goes on, and all that the full one says is moved to LMDB (checkpoint.ts); until that is done
 * it cannot be written over. Files grow while they turn over, up to a bound, so that a small store stays small.
 */
import { crashPoint } from '../../crash-point.ts'
import { EngineError, FullError } from '../../errors.ts'
import { failureOf } from '../failure.ts'
import type { Pace } from '../pace.ts'
import { JournalFile } from './journal-file.ts'
import type { Leftover } from './leftover.ts'
import { SECTOR_BYTES, Sectors, sectorsFor } from './sectors.ts'

const SIZE_MIN = (64 * 1024) / SECTOR_BYTES
const SIZE_MAX = (8 * 1024 * 1024) / SECTOR_BYTES
/** The longest group. */
export const GROUP_BYTES_MAX: number = 1024 * 1024

export interface JournalParts {
  readonly place: string
  /** Told apart from any journal that was in this place before. */
  readonly generation: number
  readonly pace: Pace
}

export class Journal {
  readonly #parts: JournalParts
  readonly #sectors: Sectors
  /** The first is written to. */
  #files: readonly [JournalFile, JournalFile]
  #staged = Buffer.alloc(0)
  #sequence: number

  private constructor(
    parts: JournalParts,
    files: readonly [JournalFile, JournalFile],
    sequence: number,
  ) {
    this.#parts = parts
    this.#sectors = new Sectors(parts.generation)
    this.#files = files
    this.#sequence = sequence
  }

  /** Makes its files, which are on disk when it resolves. */
  static async create(parts: JournalParts): Promise<Journal> {
    const { place } = parts
    const sectors = new Sectors(parts.generation)
    const first = await JournalFile.create({ place, file: 0, sectors, size: SIZE_MIN })
    try {
      const second = await JournalFile.create({ place, file: 1, sectors, size: SIZE_MIN })
      return new Journal(parts, [first, second], 0)
    } catch (error) {
      first.close()
      throw error
    }
  }

  /** Goes on with the files that are there, after their last group. @param older the one that was written to first */
  static reopen(
    parts: JournalParts,
    { older, newer, sequence }: { older: Leftover; newer: Leftover; sequence: number },
  ): Journal {
    const full = JournalFile.reopen(parts.place, older)
    return new Journal(parts, [JournalFile.reopen(parts.place, newer), full], sequence)
  }

  get generation(): number {
    return this.#parts.generation
  }

  /** The number of the last group. */
  get sequence(): number {
    return this.#sequence
  }

  hasRoom(group: Buffer): boolean {
    return sectorsFor(group.length) <= this.#files[0].left
  }

  /**
   * Goes on in the other file, in which nothing is needed any more, and which has room for `group` then.
   *
   * @throws when there is no room for a file that has
   */
  async turnOver(group: Buffer): Promise<void> {
    const [full, free] = this.#files
    free.rewind()
    const needed = sectorsFor(group.length)
    const wanted = Math.max(Math.min(free.size * 2, SIZE_MAX), needed)
    this.#files = [await this.#grown(free, { wanted, needed }), full]
  }

  /** Nothing in it is needed any more. */
  rewind(): void {
    for (const file of this.#files) file.rewind()
  }

  /** On disk when it resolves. Only after the one before. */
  async append(group: Buffer): Promise<void> {
    const [file] = this.#files
    const bytes = sectorsFor(group.length) * SECTOR_BYTES
    if (this.#staged.length < bytes) this.#staged = Buffer.allocUnsafeSlow(2 * bytes)
    const content = this.#staged.subarray(0, bytes)
    this.#sectors.lay(content, group, { sequence: this.#sequence + 1, at: file.next })
    crashPoint('after-append')
    const { pace } = this.#parts
    if (pace.mayBlock()) {
      const startedMs = performance.now()
      file.writeNow(content)
      pace.blocked(performance.now() - startedMs)
    } else await file.write(content)
    this.#sequence += 1
    crashPoint('after-sync')
  }

  close(): void {
    for (const file of this.#files) file.close()
  }

  async #grown(
    free: JournalFile,
    { wanted, needed }: { wanted: number; needed: number },
  ): Promise<JournalFile> {
    if (wanted <= free.size) return free
    const { place } = this.#parts
    const parts = { place, file: free.next.file, sectors: this.#sectors, size: wanted }
    try {
      await JournalFile.prepare(parts)
    } catch (error) {
      const failure = await failureOf(place, error)
      if (failure instanceof FullError && needed <= free.size) return free
      throw failure
    }
    try {
      const grown = JournalFile.take(parts)
      free.close()
      return grown
    } catch (cause) {
      // The file that was there may be in no directory any more: what it takes would be lost.
      throw new EngineError(`the store ${place} failed: a file of its journal`, { cause })
    }
  }
}
