/** One theme at work: its settings, its tasks by number, and who handles them. */
import { totalsKey } from '../rows/task-keys.ts'
import type { ThemeTotals } from '../rows/totals-row.ts'
import type { ThemeConfig } from './command.ts'
import type { ThemeView } from './event.ts'
import type { Handling } from './handling.ts'
import { StoredQueue } from './stored-queue.ts'
import type { StoredQueueLimits } from './stored-queue.ts'

export class Theme {
  config: ThemeConfig
  readonly queue: StoredQueue
  readonly totalsKey: Uint8Array
  active = 0
  stored = 0
  dead = 0
  /** The counts in the row of its totals. */
  written: ThemeTotals = { stored: 0, dead: 0 }
  /** Tasks that are with handlers. */
  out = 0
  handlings = 0
  /** Those with room, in the order of their turns. */
  readonly #free = new Set<Handling>()

  constructor(config: ThemeConfig, limits: StoredQueueLimits) {
    this.config = config
    this.queue = new StoredQueue(config.theme, limits)
    this.totalsKey = totalsKey(config.theme)
  }

  /** Who gets the next task; undefined when nobody has room, or when so many are out as may be. */
  get next(): Handling | undefined {
    if (this.out >= this.config.concurrency) return undefined
    for (const handling of this.#free) return handling
    return undefined
  }

  enter(handling: Handling): void {
    this.handlings += 1
    this.#free.add(handling)
  }

  leave(handling: Handling): void {
    handling.isOver = true
    this.handlings -= 1
    this.#free.delete(handling)
  }

  /** It has been its turn. */
  handedTo(handling: Handling): void {
    this.out += 1
    handling.out += 1
    this.#free.delete(handling)
    if (handling.hasRoom) this.#free.add(handling)
  }

  takenFrom(handling: Handling): void {
    this.out -= 1
    handling.out -= 1
    if (handling.hasRoom) this.#free.add(handling)
  }

  get view(): ThemeView {
    const { config, active, stored, dead, out: handedOut, handlings: handlers } = this
    return { config, active, stored, dead, handedOut, handlers }
  }
}
