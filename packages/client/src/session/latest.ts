/**
 * An async iterable that holds one item: a slow reader gets the latest state and costs no memory.
 */
import { onAbort } from '../abort.ts'
import type { Clock } from '../clock.ts'

export interface LatestSink<T> {
  push(item: T): void
  /** No more items; the one that waits is still delivered. */
  finish(): void
  /** Ends the reader with `error`; an item that waits is dropped, since it may be out of date. */
  fail(error: unknown): void
}

/** Starts the flow of items into the sink. @returns stops it */
export type LatestSource<T> = (sink: LatestSink<T>) => () => void

/** What keeps the process alive while a reader waits. */
type Keeper = Pick<Clock, 'hold' | 'letGo'>

/** Each iteration starts the source anew, at its first `next`; `break` and the abort of `signal` stop it, also while idle. */
export function latest<T>(
  keeper: Keeper,
  source: LatestSource<T>,
  signal?: AbortSignal,
): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => new LatestIterator(keeper, source, signal) }
}

interface Reader<T> {
  resolve(result: IteratorResult<T, undefined>): void
  reject(error: unknown): void
}

class LatestIterator<T> implements AsyncIterator<T, undefined>, LatestSink<T> {
  readonly #keeper: Keeper
  readonly #source: LatestSource<T>
  readonly #signal: AbortSignal | undefined
  readonly #readers: Reader<T>[] = []
  #item: { readonly value: T } | null = null
  #failure: { readonly error: unknown } | null = null
  #isHolding = false
  #state: 'fresh' | 'running' | 'finished' = 'fresh'
  #stop: () => void = () => {}

  constructor(keeper: Keeper, source: LatestSource<T>, signal: AbortSignal | undefined) {
    this.#keeper = keeper
    this.#source = source
    this.#signal = signal
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const item = this.#item
    if (item !== null) {
      this.#item = null
      return Promise.resolve({ done: false, value: item.value })
    }
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject })
      if (this.#state === 'fresh') this.#start()
      if (this.#state === 'finished') this.#settleAll()
      else this.#keep()
    })
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#item = null
    this.#failure = null
    this.finish()
    return Promise.resolve({ done: true, value: undefined })
  }

  push(value: T): void {
    if (this.#state !== 'running') return
    const reader = this.#readers.shift()
    if (reader === undefined) {
      this.#item = { value }
      return
    }
    reader.resolve({ done: false, value })
    this.#keep()
  }

  finish(): void {
    if (this.#state === 'finished') return
    this.#state = 'finished'
    this.#stop()
    this.#settleAll()
  }

  fail(error: unknown): void {
    if (this.#state === 'finished') return
    this.#item = null
    this.#failure = { error }
    this.finish()
  }

  #start(): void {
    this.#state = 'running'
    if (this.#signal?.aborted === true) {
      this.fail(this.#signal.reason)
      return
    }
    const deafen = onAbort(this.#signal, (reason) => this.fail(reason))
    this.#stop = deafen
    const stop = this.#source(this)
    const stopBoth = (): void => {
      deafen()
      stop()
    }
    // The source may have ended the iteration while it started.
    if (this.#hasFinished()) stopBoth()
    else this.#stop = stopBoth
  }

  #hasFinished(): boolean {
    return this.#state === 'finished'
  }

  /** The process stays alive while a reader waits. */
  #keep(): void {
    const isHolding = this.#readers.length > 0
    if (isHolding === this.#isHolding) return
    this.#isHolding = isHolding
    if (isHolding) this.#keeper.hold()
    else this.#keeper.letGo()
  }

  /** No item waits while a reader does. */
  #settleAll(): void {
    for (const reader of this.#readers.splice(0)) this.#settle(reader)
    this.#keep()
  }

  // An error is thrown once; whoever reads on after it finds the end, as with a generator.
  #settle(reader: Reader<T>): void {
    const failure = this.#failure
    this.#failure = null
    if (failure === null) reader.resolve({ done: true, value: undefined })
    else reader.reject(failure.error)
  }
}
