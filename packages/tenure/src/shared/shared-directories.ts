/** The shared directories that this process uses, each once, however many clients name it. */
import { SharedDirectory } from './shared-directory.ts'

/** One client's part in a directory. */
export interface DirectoryUse {
  readonly directory: SharedDirectory
  /** Gives the part back; the last one gives the directory up. May be called twice. */
  release(): Promise<void>
}

interface Shared {
  readonly directory: SharedDirectory
  users: number
}

export class SharedDirectories {
  readonly #shared = new Map<string, Shared>()

  /** @param folder an absolute path without symbolic links; the directory is there */
  use(address: string, folder: string): DirectoryUse {
    const shared = this.#shared.get(folder) ?? this.#begin(address, folder)
    shared.users += 1
    let released: Promise<void> | undefined
    return {
      directory: shared.directory,
      release: () => {
        released ??= this.#release(folder, shared)
        return released
      },
    }
  }

  #begin(address: string, folder: string): Shared {
    const shared = { directory: new SharedDirectory(address, folder), users: 0 }
    this.#shared.set(folder, shared)
    return shared
  }

  async #release(folder: string, shared: Shared): Promise<void> {
    shared.users -= 1
    if (shared.users > 0) return
    // Who comes while this one ends is one more who wants the directory.
    this.#shared.delete(folder)
    await shared.directory.close()
  }
}
