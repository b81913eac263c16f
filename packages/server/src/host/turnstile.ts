/** Lets asynchronous work through one at a time, in the order of asking. */
export class Turnstile {
  #last: Promise<void> = Promise.resolve()

  async pass<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last
    let leave = (): void => {}
    this.#last = new Promise((resolve) => {
      leave = resolve
    })
    await before
    try {
      return await work()
    } finally {
      leave()
    }
  }
}
