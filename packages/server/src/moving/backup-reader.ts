/** Reads a backup and believes nothing: whatever is not as it was written ends the reading. */
import { DamagedError } from '@tenure/engine'
import type { CutPartition } from '@tenure/engine'
import type { Entry } from '@tenure/kernel'
import {
  checkFormatLine,
  decodeEnd,
  decodeEntries,
  decodeHead,
  decodeNode,
  FORMAT_LINE,
} from './backup-format.ts'
import type { BackupHead } from './backup-format.ts'
import { ByteReader, Chain, FrameFault } from './frame.ts'
import type { Frame } from './frame.ts'
import type { Moved, Source } from './source.ts'
import { Tally } from './tally.ts'

export class BackupReader implements Source {
  readonly head: BackupHead
  readonly #where: string
  readonly #bytes: ByteReader
  readonly #chain: Chain
  readonly #tally = new Tally()
  /** Read, and not yet taken. */
  #next: Frame | null = null

  private constructor(parts: { where: string; bytes: ByteReader; chain: Chain; head: BackupHead }) {
    this.head = parts.head
    this.#where = parts.where
    this.#bytes = parts.bytes
    this.#chain = parts.chain
  }

  /**
   * @param pieces of the file, in order
   * @param where the file, for people
   * @throws DamagedError when it is no backup, or one that cannot be read here
   */
  static async open(pieces: AsyncIterable<Uint8Array>, where: string): Promise<BackupReader> {
    const bytes = new ByteReader(pieces)
    const chain = new Chain(FORMAT_LINE)
    try {
      checkFormatLine(await bytes.take(FORMAT_LINE.length))
      const { kind, content } = await chain.read(bytes)
      if (kind !== 'head') throw new FrameFault('its head is missing')
      return new BackupReader({ where, bytes, chain, head: decodeHead(content) })
    } catch (error) {
      throw damageOf(error, where)
    }
  }

  get incarnation(): bigint {
    return this.head.incarnation
  }

  /** How much has been read. */
  get moved(): Moved {
    return this.#tally.moved
  }

  /** All nodes, once. Its end is the end of the backup: everything was there. @throws DamagedError */
  async *nodes(): AsyncIterable<CutPartition> {
    for (let frame = await this.#take(); frame.kind !== 'end'; frame = await this.#take()) {
      if (frame.kind !== 'node') throw this.#fault('a node is missing')
      const node = this.#guard(() => decodeNode(frame.content))
      this.#tally.addNode()
      yield { ...node, entries: () => this.#entries() }
      // What was not read of it is passed over, checked all the same.
      for await (const _ of this.#entries());
    }
  }

  /** Of the present node, as far as they have not been read. */
  async *#entries(): AsyncIterable<Entry> {
    for (;;) {
      const frame = await this.#peek()
      if (frame.kind !== 'entries') return
      this.#next = null
      const entries = this.#guard(() => [...decodeEntries(frame.content)])
      for (const entry of entries) {
        this.#tally.addEntry(entry)
        yield entry
      }
    }
  }

  async #take(): Promise<Frame> {
    const frame = await this.#peek()
    this.#next = null
    if (frame.kind === 'end') await this.#checkEnd(frame)
    return frame
  }

  async #peek(): Promise<Frame> {
    try {
      this.#next ??= await this.#chain.read(this.#bytes)
      return this.#next
    } catch (error) {
      throw damageOf(error, this.#where)
    }
  }

  async #checkEnd(frame: Frame): Promise<void> {
    const written = this.#guard(() => decodeEnd(frame.content))
    const { nodes, entries, bytes } = this.#tally.moved
    const isAll = written.nodes === nodes && written.entries === entries && written.bytes === bytes
    if (!isAll) throw this.#fault('it holds less or more than was written')
    if (!(await this.#bytes.isAtEnd())) throw this.#fault('something follows its end')
  }

  #guard<Result>(read: () => Result): Result {
    try {
      return read()
    } catch (error) {
      throw damageOf(error, this.#where)
    }
  }

  #fault(what: string): DamagedError {
    return damage(new FrameFault(what), this.#where)
  }
}

/** Reads a backup to its end. @throws DamagedError when it is not whole */
export async function checkBackup(
  pieces: AsyncIterable<Uint8Array>,
  where: string,
): Promise<{ readonly head: BackupHead; readonly moved: Moved }> {
  const reader = await BackupReader.open(pieces, where)
  for await (const _ of reader.nodes());
  return { head: reader.head, moved: reader.moved }
}

/** What a reader of the backup is told. */
function damageOf(error: unknown, where: string): unknown {
  return error instanceof FrameFault ? damage(error, where) : error
}

function damage(fault: FrameFault, where: string): DamagedError {
  return new DamagedError(
    `the backup ${where} cannot be used: ${fault.message}. Use another backup, or copy this one anew from where it is whole`,
    { cause: fault },
  )
}
