/**
 * A wall clock that can be set for a whole process: libfaketime through its file. The monotonic clock is left alone, as a
 * machine whose time is set leaves it alone.
 */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const LIBRARY = 'faketime/libfaketimeMT.so.1'
const FOLDERS = ['/usr/lib', '/usr/local/lib', '/usr/lib64']

/** Where the library is, or null. */
function library(): string | null {
  const folders = FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) => [
    folder,
    ...readdirSync(folder)
      .filter((entry) => entry.endsWith('-linux-gnu'))
      .map((entry) => join(folder, entry)),
  ])
  return folders.map((folder) => join(folder, LIBRARY)).find((path) => existsSync(path)) ?? null
}

export class WallClock implements Disposable {
  /** What a process needs to have this clock. */
  readonly environment: Readonly<Record<string, string>>
  readonly #folder: string
  readonly #file: string

  private constructor(path: string) {
    this.#folder = mkdtempSync(join(tmpdir(), 'tenure-clock-'))
    this.#file = join(this.#folder, 'offset')
    this.environment = {
      LD_PRELOAD: path,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    }
    this.set(0)
  }

  /** A clock that goes right; null where libfaketime is not installed. */
  static make(): WallClock | null {
    const path = library()
    return path === null ? null : new WallClock(path)
  }

  /** @param offsetS how far from the right time, in seconds */
  set(offsetS: number): void {
    // Written aside: a reader never sees a half of it.
    const aside = `${this.#file}.next`
    writeFileSync(aside, `${offsetS < 0 ? '' : '+'}${offsetS.toFixed(3)}\n`)
    renameSync(aside, this.#file)
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
