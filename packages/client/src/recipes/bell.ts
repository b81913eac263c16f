/** A bell: tells one waiting loop that something has changed. Rings while nobody waits are kept as one. */

export class Bell {
  #rung = false
  #wake: (() => void) | null = null

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Waits for a ring, or takes the one that is kept. For one waiter at a time. */
  async heard(): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = null
    }
    this.#rung = false
  }
}
