/**
 * A signal that aborts with any of its sources, or by itself.
 *
 * Unlike `AbortSignal.any` it lets go of its sources when disposed: a program's signal may live as long as the program, and
 * must not gather what every finished call once listened for.
 */
import { setMaxListeners } from 'node:events'
import { onAbort } from '../abort.ts'

export class LinkedAbort implements Disposable {
  readonly #own = new AbortController()
  readonly #letGo: (() => void)[] = []

  constructor(...sources: readonly (AbortSignal | undefined)[]) {
    // Node warns of ten listeners as of a leak; one for each task of a worker is none.
    setMaxListeners(0, this.#own.signal)
    for (const source of sources) {
      if (source === undefined) continue
      if (source.aborted) this.abort(source.reason)
      else this.#letGo.push(onAbort(source, (reason) => this.abort(reason)))
    }
  }

  get signal(): AbortSignal {
    return this.#own.signal
  }

  /** The first reason stays. */
  abort(reason: unknown): void {
    this.#own.abort(reason)
  }

  [Symbol.dispose](): void {
    for (const letGo of this.#letGo.splice(0)) letGo()
  }
}
