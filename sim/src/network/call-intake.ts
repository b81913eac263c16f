/** Messages of a call, handed over in their order as long as they are wanted. */

export interface CallIntakeOptions {
  /** Whether the next one is wanted. */
  readonly ready: () => boolean
  readonly take: (bytes: Uint8Array) => void
}

export class CallIntake {
  readonly #options: CallIntakeOptions
  readonly #waiting: Uint8Array[] = []
  #isPumping = false

  constructor(options: CallIntakeOptions) {
    this.#options = options
  }

  push(bytes: Uint8Array): void {
    this.#waiting.push(bytes)
    this.pump()
  }

  /** Goes on; without effect while it is at it. */
  pump(): void {
    const { ready, take } = this.#options
    if (this.#isPumping) return
    this.#isPumping = true
    while (ready()) {
      const bytes = this.#waiting.shift()
      if (bytes === undefined) break
      take(bytes)
    }
    this.#isPumping = false
  }
}
