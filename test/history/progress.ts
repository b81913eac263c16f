/** Counts answers, and lets whoever wants to disturb wait for some. */
export class Progress {
  #count = 0
  #isOver = false
  #waiters: { readonly at: number; readonly resolve: () => void }[] = []

  readonly made = (): void => {
    this.#count += 1
    for (const { at, resolve } of this.#waiters) if (this.#count >= at) resolve()
    this.#waiters = this.#waiters.filter(({ at }) => this.#count < at)
  }

  /** Resolves after so many more, or at the end. */
  more(count: number): Promise<void> {
    if (this.#isOver) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiters.push({ at: this.#count + count, resolve })
    })
  }

  /** Nobody waits for an answer any more. */
  end(): void {
    this.#isOver = true
    for (const { resolve } of this.#waiters) resolve()
    this.#waiters = []
  }

  get isOver(): boolean {
    return this.#isOver
  }
}
