/** Writes a backup: frames as they fill, so that memory is bounded whatever a node holds. */
import type { CutPartition } from '@tenure/engine'
import { bytesOfEntry } from '@tenure/engine'
import type { Entry } from '@tenure/kernel'
import { encodeEnd, encodeEntries, encodeHead, encodeNode, FORMAT_LINE } from './backup-format.ts'
import type { BackupHead } from './backup-format.ts'
import { Chain } from './frame.ts'
import type { Moved, Source } from './source.ts'
import { Tally } from './tally.ts'

/** A frame of entries is closed when it has so much. */
const FRAME_BYTES = 256 * 1024
/** Small frames are written together, up to so much. */
const WRITE_BYTES = 256 * 1024

export interface BackupWriterOptions {
  readonly about: Omit<BackupHead, 'incarnation'>
  /** Takes the bytes of the backup in their order; resolves when more may come. */
  readonly write: (bytes: Uint8Array) => Promise<void>
  /** Called now and then. */
  readonly progress?: (moved: Moved) => void
  readonly signal?: AbortSignal
}

/** Resolves when all has been written. Rejects with what the source or `write` throw, or the reason of `signal`. */
export async function writeBackup(source: Source, options: BackupWriterOptions): Promise<Moved> {
  const writer = new BackupWriter(options)
  await writer.begin({ ...options.about, incarnation: source.incarnation })
  for await (const node of source.nodes()) await writer.node(node)
  return writer.end()
}

class BackupWriter {
  readonly #options: BackupWriterOptions
  readonly #chain = new Chain(FORMAT_LINE)
  readonly #tally = new Tally()
  #pending: Uint8Array[] = [FORMAT_LINE]
  #pendingBytes = 0

  constructor(options: BackupWriterOptions) {
    this.#options = options
  }

  async begin(head: BackupHead): Promise<void> {
    await this.#put(this.#chain.write('head', encodeHead(head)))
  }

  async node(node: CutPartition): Promise<void> {
    this.#tally.addNode()
    await this.#put(this.#chain.write('node', encodeNode(node)))
    let entries: Entry[] = []
    let bytes = 0
    for await (const entry of node.entries()) {
      this.#tally.addEntry(entry)
      entries.push(entry)
      bytes += bytesOfEntry(entry)
      if (bytes < FRAME_BYTES) continue
      await this.#put(this.#chain.write('entries', encodeEntries(entries)))
      entries = []
      bytes = 0
    }
    if (entries.length > 0) await this.#put(this.#chain.write('entries', encodeEntries(entries)))
  }

  async end(): Promise<Moved> {
    const { moved } = this.#tally
    await this.#put(this.#chain.write('end', encodeEnd(moved)))
    await this.#flush()
    return moved
  }

  async #put(frame: Buffer): Promise<void> {
    this.#pending.push(frame)
    this.#pendingBytes += frame.length
    if (this.#pendingBytes >= WRITE_BYTES) await this.#flush()
  }

  async #flush(): Promise<void> {
    const { write, progress, signal } = this.#options
    signal?.throwIfAborted()
    const bytes = Buffer.concat(this.#pending)
    this.#pending = []
    this.#pendingBytes = 0
    await write(bytes)
    progress?.(this.#tally.moved)
  }
}
