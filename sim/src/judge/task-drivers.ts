/** Who drives which attempt of a task, as servers have told them. */
import type { Process } from '../machine/process.ts'
import type { ChannelStream, TaskAsk } from '../network/face-observer.ts'
import type { DueTimes } from './due-times.ts'

/** Whoever was told that a task is his. */
export interface Driver {
  readonly process: Process
  readonly stream: ChannelStream
  readonly theme: number
  /** The `handle-theme` that it was handed out for; null for who has opened or taken it. */
  readonly handling: TaskAsk | null
  /** It has left its stream, or may have: its task may be stored without its asking. */
  mayHaveLeft: boolean
  /** What a server took the time of day for then, at the least. */
  leftMs: number
}

export interface AttemptName {
  readonly index: bigint
  readonly attempt: number
}

export class TaskDrivers {
  readonly #times: DueTimes
  readonly #drivers = new Map<string, Driver>()
  /** Of attempts that have not ended. */
  readonly #live = new Map<string, Driver>()
  /** Where each session was asked for last. */
  readonly #newest = new Map<bigint, ChannelStream>()
  /** Streams and sessions that somebody has asked to end: they may have left before they are told. */
  readonly #ending = new Set<ChannelStream | bigint>()

  constructor(times: DueTimes) {
    this.#times = times
  }

  of(name: AttemptName): Driver | undefined {
    return this.#drivers.get(keyOf(name))
  }

  told(name: AttemptName, told: Omit<Driver, 'leftMs'>): void {
    const driver = { ...told, leftMs: -Infinity }
    driver.mayHaveLeft ||= this.isLeaving(driver.stream)
    this.#drivers.set(keyOf(name), driver)
    this.#live.set(keyOf(name), driver)
  }

  /** Somebody asks for a session on this stream. */
  attaching(session: bigint, stream: ChannelStream): void {
    this.#newest.set(session, stream)
    this.leave(({ stream }) => this.isLeaving(stream))
  }

  /** Somebody asks that a stream or a session ends. */
  ending(what: ChannelStream | bigint): void {
    this.#ending.add(what)
    this.leave(({ stream }) => this.isLeaving(stream))
  }

  /** The attempt has ended. */
  ended(name: AttemptName): void {
    this.#live.delete(keyOf(name))
  }

  leave(hasLeft: (driver: Driver) => boolean): void {
    for (const driver of this.#live.values()) {
      if (driver.mayHaveLeft || !hasLeft(driver)) continue
      driver.mayHaveLeft = true
      driver.leftMs = this.#times.earliestMs()
    }
  }

  /** How many tasks are out with those who are there. */
  count(isOf: (driver: Driver) => boolean): number {
    let count = 0
    for (const driver of this.#live.values()) {
      if (!driver.mayHaveLeft && isOf(driver)) count += 1
    }
    return count
  }

  /** How many tasks are out, also with those who may have left. */
  countAll(isOf: (driver: Driver) => boolean): number {
    return [...this.#live.values()].filter(isOf).length
  }

  /** Whether somebody has asked that the stream loses its session. */
  isLeaving(stream: ChannelStream): boolean {
    const { sessionId } = stream
    const newest = this.#newest.get(sessionId) ?? stream
    return newest !== stream || this.#ending.has(stream) || this.#ending.has(sessionId)
  }

  /** The attempts that are with these streams. */
  with(streams: readonly ChannelStream[]): readonly string[] {
    return [...this.#live].flatMap(([key, { stream }]) => (streams.includes(stream) ? key : []))
  }
}

/** Of an attempt. */
export function keyOf({ index, attempt }: AttemptName): string {
  return `${index}/${attempt}`
}
