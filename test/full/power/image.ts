/** A small file system in a file: what is in the file is what a power loss would leave. */
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterTest } from '../../leftovers.ts'

export interface FileSystem {
  readonly name: string
  readonly make: readonly string[]
  readonly mebibytes: number
  readonly mount: string
  /** What else a copy needs, mounted beside its original. */
  readonly mountCopy: string
}

export const EXT4: FileSystem = {
  name: 'ext4',
  make: ['mkfs.ext4', '-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0'],
  mebibytes: 64,
  mount: 'loop',
  mountCopy: 'loop',
}

/** Writes contents when it likes, in no order with its journal. */
export const EXT4_WRITEBACK: FileSystem = {
  ...EXT4,
  name: 'ext4 with data=writeback',
  mount: 'loop,data=writeback',
  mountCopy: 'loop,data=writeback',
}

export const XFS: FileSystem = {
  name: 'xfs',
  make: ['mkfs.xfs', '-q', '-f'],
  mebibytes: 300,
  mount: 'loop',
  mountCopy: 'loop,nouuid',
}

/** Copies taken in vain, because something was written meanwhile. */
const COPIES_MAX = 50

/** One image and the folder where it is mounted. Disposing unmounts and removes both. */
export class Image implements Disposable {
  readonly folder: string
  readonly #root: string
  readonly #file: string
  readonly #kind: FileSystem
  #mounted = false

  private constructor(kind: FileSystem) {
    this.#kind = kind
    this.#root = mkdtempSync(join(tmpdir(), 'tenure-image-'))
    this.#file = join(this.#root, 'image')
    this.folder = join(this.#root, 'mounted')
    mkdirSync(this.folder)
    afterTest(() => this[Symbol.dispose]())
  }

  /** @returns null where this file system cannot be made or mounted */
  static make(kind: FileSystem): Image | null {
    const image = new Image(kind)
    const file = openSync(image.#file, 'w')
    ftruncateSync(file, kind.mebibytes << 20)
    closeSync(file)
    const [program = '', ...words] = kind.make
    if (run(program, [...words, image.#file]) && image.#mount(kind.mount)) return image
    image[Symbol.dispose]()
    return null
  }

  /**
   * What a power loss at this moment would leave, mounted: its journal has been played.
   *
   * The copy is of one moment: it is taken again when the file system wrote something meanwhile.
   */
  copy(): Image {
    const copy = new Image(this.#kind)
    for (let attempt = 0; attempt < COPIES_MAX; attempt += 1) {
      const before = writtenAt(this.#file)
      copyFileSync(this.#file, copy.#file)
      if (writtenAt(this.#file) !== before) continue
      if (copy.#mount(this.#kind.mountCopy)) return copy
      copy[Symbol.dispose]()
      throw new Error(`the copy of a ${this.#kind.name} image cannot be mounted`)
    }
    copy[Symbol.dispose]()
    throw new Error(`the ${this.#kind.name} image does not come to rest`)
  }

  [Symbol.dispose](): void {
    // A process that has just been killed may keep the file system busy for a moment; the lazy way waits for it.
    if (this.#mounted && !run('umount', [this.folder])) run('umount', ['-l', this.folder])
    this.#mounted = false
    rmSync(this.#root, { recursive: true, force: true })
  }

  #mount(options: string): boolean {
    this.#mounted = run('mount', ['-t', typeOf(this.#kind), '-o', options, this.#file, this.folder])
    return this.#mounted
  }
}

function typeOf(kind: FileSystem): string {
  return kind.name.split(' ')[0] ?? ''
}

function writtenAt(file: string): bigint {
  return statSync(file, { bigint: true }).mtimeNs
}

function run(program: string, words: readonly string[]): boolean {
  return spawnSync(program, words, { stdio: 'ignore' }).status === 0
}
