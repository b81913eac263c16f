/** The open door of a host, at its place in the directory. Only who holds the directory opens it. */
import { systemClock } from '@tenure/client'
import type { Door, DoorOptions } from '@tenure/server'
import { Doorway } from './doorway.ts'

export class Entrance {
  readonly #doorway: Doorway
  readonly #door: Door

  private constructor(doorway: Doorway, door: Door) {
    this.#doorway = doorway
    this.#door = door
  }

  /**
   * @param folder an absolute path; the directory is there
   * @throws what the system says when nothing can listen there
   */
  static async open(folder: string, options: Omit<DoorOptions, 'path'>): Promise<Entrance> {
    // A program that only connects does not load a server.
    const { Door } = await import('@tenure/server')
    const doorway = new Doorway(folder)
    try {
      return new Entrance(doorway, await Door.open({ ...options, path: doorway.path }))
    } catch (error) {
      doorway.close()
      throw error
    }
  }

  /** Lets nobody in any more; those inside are answered as long as the host answers. */
  shut(): void {
    this.#door.shut()
  }

  /** Sends everybody away, after the host and its engine have been closed. Bounded in time. */
  async clear(): Promise<void> {
    // The door keeps no process alive; who waits for its end does.
    systemClock.hold()
    try {
      await this.#door.clear()
    } finally {
      systemClock.letGo()
      this.#doorway.close()
    }
  }
}
