/** Lets asynchronous work through one at a time, in the order of asking. */
export class Turnstile {
  /** Never rejects. */
  #last: Promise<unknown> = Promise.resolve()

  async pass<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }
}
