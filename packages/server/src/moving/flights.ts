/** Work that is under way beside other work, so much of it at most. */
const FLIGHTS_MAX = 16

export class Flights {
  readonly #running = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | null = null

  /** Begins the work once there is room. Rejects with the first error of any before. */
  async begin(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= FLIGHTS_MAX) await Promise.race(this.#running)
    this.#assertWell()
    const running: Promise<void> = this.#run(work).finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Until none is under way. Rejects with the first error of any. */
  async landed(): Promise<void> {
    await Promise.all(this.#running)
    this.#assertWell()
  }

  async #run(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#failure ??= { error }
    }
  }

  #assertWell(): void {
    if (this.#failure !== null) throw this.#failure.error
  }
}
