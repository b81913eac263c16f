/**
 * One configuration as its writer and its watchers see it.
 *
 * A value is `epoch:number`, a new epoch for each session of the writer. Inside an epoch numbers only grow. A publish that
 * was lost with its session may still happen, in the midst of the next epoch.
 */

export class Board {
  readonly #violations: string[]
  #published = 0
  #seen = 0

  constructor(violations: string[]) {
    this.#violations = violations
  }

  /** Acknowledged publishes. */
  get published(): number {
    return this.#published
  }

  /** Values that reached watchers. */
  get seen(): number {
    return this.#seen
  }

  acknowledged(): void {
    this.#published += 1
  }

  /** The eyes of one watcher, through all its sessions. */
  watcher(name: string): Eyes {
    const latest = new Map<string, number>()
    let last = ''
    return {
      see: (value) => {
        this.#seen += 1
        const [epoch = '', number = ''] = value.split(':')
        const before = latest.get(epoch) ?? 0
        if (Number(number) < before) {
          this.#violations.push(`${name}: saw ${value} after ${epoch}:${before}`)
        }
        latest.set(epoch, Number(number))
        last = value
      },
      last: () => last,
    }
  }
}

export interface Eyes {
  see(value: string): void
  last(): string
}
