/** Who is to be handed the tasks of a theme, as servers have accepted it. */
import type { Process } from '../machine/process.ts'
import type { ChannelStream, TaskAsk } from '../network/face-observer.ts'

/** A `handle-theme` from its acceptance on. */
export interface Handling {
  readonly process: Process
  readonly stream: ChannelStream
  readonly ask: TaskAsk
  readonly theme: number
  readonly concurrency: number
  /** How often the node had been claimed by then. */
  readonly claims: number
}

export class TaskHandlings {
  readonly #open = new Map<TaskAsk, Handling>()
  /** Those that are to end, and those that have ended. */
  readonly #stopping = new Set<string>()
  readonly #stopped = new Set<string>()
  readonly #numbers = new Map<ChannelStream, number>()

  accepted(handling: Handling): void {
    this.#open.set(handling.ask, handling)
  }

  /** @param target the id of the ask that is to end */
  stopping(stream: ChannelStream, target: bigint): void {
    this.#stopping.add(this.#keyOf(stream, target))
  }

  stopped(stream: ChannelStream, target: bigint): void {
    this.#stopped.add(this.#keyOf(stream, target))
  }

  isStopping(stream: ChannelStream, { id }: TaskAsk): boolean {
    return this.#stopping.has(this.#keyOf(stream, BigInt(id)))
  }

  hasStopped(stream: ChannelStream, { id }: TaskAsk): boolean {
    return this.#stopped.has(this.#keyOf(stream, BigInt(id)))
  }

  leave(hasLeft: (handling: Handling) => boolean): void {
    for (const handling of this.#open.values()) {
      if (hasLeft(handling)) this.#open.delete(handling.ask)
    }
  }

  /** Those that nobody has asked to end. */
  of(theme: number): readonly Handling[] {
    return [...this.#open.values()].filter(
      ({ theme: own, stream, ask }) => own === theme && !this.isStopping(stream, ask),
    )
  }

  #keyOf(stream: ChannelStream, target: bigint): string {
    const number = this.#numbers.get(stream) ?? this.#numbers.size
    this.#numbers.set(stream, number)
    return `${number}/${target}`
  }
}
