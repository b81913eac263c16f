/** Counts answers, and lets whoever wants to disturb wait for some. */
export class Progress {
  #count = 0
  #waiters: { readonly at: number; readonly resolve: () => void }[] = []

  readonly made = (): void => {
    this.#count += 1
    for (const { at, resolve } of this.#waiters) if (this.#count >= at) resolve()
    this.#waiters = this.#waiters.filter(({ at }) => this.#count < at)
  }

  more(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ at: this.#count + count, resolve })
    })
  }
}
