/** What `pipe.handle` gives: the tasks of a theme come to this program for as long as it is there. */
import type { Handling } from './handling.ts'

export class ThemeWorker implements AsyncDisposable {
  readonly theme: number
  readonly #handling: Handling

  /** Workers come from `pipe.handle`. */
  constructor(theme: number, handling: Handling) {
    this.theme = theme
    this.#handling = handling
  }

  /** Aborts when it is over: closed (SessionClosedError), closed with the client (ClientClosedError), or refused for good, for the reason of that. */
  get signal(): AbortSignal {
    return this.#handling.signal
  }

  /** Takes nothing more, and waits until the tasks that are at work here have settled. Never rejects. */
  close(): Promise<void> {
    return this.#handling.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
