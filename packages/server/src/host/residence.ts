/** One node's place in this host's memory: its tablet, from the moment loading begins. */
import type { Tablet } from '../tablet/tablet.ts'

export class Residence {
  readonly path: string
  readonly tablet: Promise<Tablet>
  usedAtMs: number
  /** null while loading. */
  #loaded: Tablet | null = null
  /** What `creations` of the tablet was when somebody last was let in to create the node; null when nobody was. */
  #creationsBefore: number | null = null

  constructor(path: string, tablet: Promise<Tablet>, nowMs: number) {
    this.path = path
    this.tablet = tablet
    this.usedAtMs = nowMs
  }

  get loaded(): Tablet | null {
    return this.#loaded
  }

  settle(tablet: Tablet): void {
    this.#loaded = tablet
  }

  /** Somebody is let in to create the node: until that has been tried, no other node may take the place. */
  reserve(): void {
    this.#creationsBefore = this.#loaded?.creations ?? 0
  }

  /** Whether the node exists, as far as memory knows, or is about to. */
  get isTaken(): boolean {
    if (this.#loaded === null) return this.#creationsBefore !== null
    return this.#loaded.exists || this.#loaded.creations === this.#creationsBefore
  }
}
