/** All connections, and the weather they travel in. */
import type { Process } from '../machine/process.ts'
import type { Schedule } from '../machine/schedule.ts'
import type { Random } from '../random.ts'
import type { Marks } from '../report/marks.ts'
import { Connection } from './connection.ts'
import type { End, Party } from './connection.ts'

/** How packets travel at present. */
export interface Weather {
  baseMs: number
  jitterMs: number
  /** How many packets of all are late. */
  lateShare: number
  lateMs: number
}

/** Makes the server's party for a new connection. */
export type Accept = (end: End) => Party

interface Listener {
  readonly process: Process
  readonly accept: Accept
}

export class Network {
  readonly weather: Weather = { baseMs: 0.2, jitterMs: 0.3, lateShare: 0, lateMs: 0 }
  readonly #marks: Marks
  readonly #schedule: Schedule
  readonly #random: Random
  readonly #listeners = new Map<string, Listener>()
  readonly #blocked = new Set<string>()
  /** Processes that nothing reaches, and from which nothing comes. */
  readonly #isolated = new Set<string>()
  #connections: Connection[] = []

  constructor(
    schedule: Schedule,
    { random, marks }: { readonly random: Random; readonly marks: Marks },
  ) {
    this.#marks = marks
    this.#schedule = schedule
    this.#random = random
  }

  listen(address: string, process: Process, accept: Accept): void {
    this.#listeners.set(address, { process, accept })
    process.onCrash(() => this.#unlisten(address, process))
  }

  /** Refuses what comes to the address from here on; connections that stand go on. */
  unlisten(address: string): void {
    this.#listeners.delete(address)
  }

  /** A connection as its client sees it: whether somebody listens shows when the first packet arrives. */
  connect(process: Process, address: string): End {
    const listener = this.#listeners.get(address)
    const ports = { schedule: this.#schedule, way: this, isListening: () => true }
    const server = listener?.process ?? process
    const connection = new Connection(
      { client: process, server },
      listener === undefined ? { ...ports, isListening: () => false } : ports,
    )
    this.#connections = this.#connections.filter(({ isOver }) => !isOver)
    this.#connections.push(connection)
    if (listener !== undefined) connection.server.party = listener.accept(connection.server)
    return connection.client
  }

  latencyMs(): number {
    const { baseMs, jitterMs, lateShare, lateMs } = this.weather
    const isLate = this.#random.chance(lateShare)
    return baseMs + this.#random.fraction() * (isLate ? lateMs : jitterMs)
  }

  isBlocked(from: string, to: string): boolean {
    if (this.#isolated.has(from) || this.#isolated.has(to)) return true
    return this.#blocked.has(wayOf(from, to))
  }

  /** Nothing passes to or from the process, until `rejoin`. */
  isolate(name: string): void {
    this.#isolated.add(name)
  }

  /** What was held up arrives. */
  rejoin(name: string): void {
    this.#isolated.delete(name)
    for (const connection of this.#connections) connection.release()
  }

  /** Nothing passes from one process to the other, until `unblock`. */
  block(from: string, to: string): void {
    this.#blocked.add(wayOf(from, to))
  }

  /** @param resets whether the connections that were held up break instead of delivering late */
  unblock(from: string, to: string, resets: boolean): void {
    this.#blocked.delete(wayOf(from, to))
    for (const connection of this.#between(from, to)) {
      if (connection.isHeldUp) {
        const mark = resets ? 'what was held up is lost' : 'what was held up arrives after all'
        this.#marks.reached(mark)
      }
      if (resets) connection.reset()
      else connection.release()
    }
  }

  healAll(): void {
    this.#blocked.clear()
    this.#isolated.clear()
    for (const connection of this.#connections) connection.release()
  }

  /** Breaks one connection. @returns between whom, or null when there is none */
  resetOne(): string | null {
    const open = this.#connections.filter(({ isOver, isLost }) => !isOver && !isLost)
    if (open.length === 0) return null
    const connection = this.#random.pick(open)
    connection.reset()
    return `${connection.client.process.name} ${connection.server.process.name}`
  }

  /** One connection carries nothing any more, and nobody is told. */
  loseOne(): string | null {
    const open = this.#connections.filter(({ isOver, isLost }) => !isOver && !isLost)
    if (open.length === 0) return null
    const connection = this.#random.pick(open)
    connection.isLost = true
    return `${connection.client.process.name} ${connection.server.process.name}`
  }

  /** A process has died. @param isMachineLost whether nobody is left to say so */
  died(process: Process, isMachineLost: boolean): void {
    for (const connection of this.#connections) {
      for (const end of [connection.client, connection.server]) {
        if (end.process === process) connection.abandoned(end, isMachineLost)
      }
    }
  }

  #unlisten(address: string, process: Process): void {
    if (this.#listeners.get(address)?.process === process) this.#listeners.delete(address)
  }

  #between(from: string, to: string): Connection[] {
    return this.#connections.filter(({ client, server }) => {
      const names = [client.process.name, server.process.name]
      return names.includes(from) && names.includes(to)
    })
  }
}

function wayOf(from: string, to: string): string {
  return `${from}>${to}`
}
