/**
 * The file of a backup: it has its name when it is whole and on disk, and not before.
 *
 * Until then it is written under another name beside it, which a process that is killed leaves behind.
 */
import { randomBytes } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { link, open, rename, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A file of that name is there, and is not to give way. */
export class NameTakenError extends Error {
  override name = 'NameTakenError'

  constructor(path: string, options?: ErrorOptions) {
    super(
      `${path} is there already: choose another name, or let it give way with --replace`,
      options,
    )
  }
}

/** @throws NameTakenError */
export function assertFree(path: string): void {
  if (existsSync(path)) throw new NameTakenError(path)
}

export class BackupFile {
  readonly #path: string
  readonly #temporary: string
  readonly #handle: FileHandle

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.#path = path
    this.#temporary = temporary
    this.#handle = handle
  }

  /** What it holds is for its owner alone: protection keys and data are among it. Rejects with what the system says. */
  static async begin(path: string): Promise<BackupFile> {
    const temporary = `${path}.${randomBytes(4).toString('hex')}.partial`
    return new BackupFile(path, temporary, await open(temporary, 'wx', 0o600))
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await this.#handle.write(bytes, at)
      at += bytesWritten
    }
  }

  /**
   * Resolves when the whole file is on disk under its name.
   *
   * @param replaces whether another file of this name gives way; else that rejects with NameTakenError
   */
  async keep(replaces: boolean): Promise<void> {
    await this.#handle.sync()
    await this.#handle.close()
    if (replaces) {
      await rename(this.#temporary, this.#path)
    } else {
      // A second name is not given where there is one, which renaming does not ask.
      await this.#link()
      await rm(this.#temporary)
    }
    await syncNames(dirname(this.#path))
  }

  async #link(): Promise<void> {
    try {
      await link(this.#temporary, this.#path)
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EEXIST'
      throw isTaken ? new NameTakenError(this.#path, { cause: error }) : error
    }
  }

  /** Takes away what was written. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined)
    await rm(this.#temporary, { force: true })
  }
}

async function syncNames(directory: string): Promise<void> {
  const folder = await open(directory, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const READ_BYTES = 256 * 1024

/** The bytes of a backup, from its beginning. */
export function readBackupFile(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>
}
