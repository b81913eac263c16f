/** Another server of the cluster, as one that asks it for its nodes. */
import { EngineError, type OwnerInfo } from '@tenure/engine'
import type { Clock } from '../clock.ts'
import type { PathRefusal } from '../host/directory.ts'
import { UnreachedError } from '../host/unreached.ts'
import type { StreamEnd, StreamSink, TabletStream } from '../tablet/stream.ts'
import { within } from '../within.ts'
import { ForwardedStream } from './forwarded-stream.ts'
import type { PeerAnswer, PeerAsk } from './peer-message.ts'
import type { Traffic } from './traffic.ts'

/** What carries the messages to one server, from the first one on. */
export interface PeerLine {
  send(ask: PeerAsk): void
  /** Nothing is heard any more. */
  close(): void
}

export interface PeerListener {
  heard(answer: PeerAnswer): void
  /** The server cannot be reached any more. */
  lost(reason: string): void
  /** The server was not reached, or has not let this one in: it has heard nothing. */
  unreached(reason: string): void
}

/** Never throws: what stands in the way is told to the listener, later. */
export type PeerDial = (server: OwnerInfo, listener: PeerListener) => PeerLine

interface Reserving {
  resolve(refusal: PathRefusal | null): void
  reject(error: EngineError): void
}

/** What a server that has left still owes is waited for so long: one that drains answers what it has accepted. */
const LAST_ANSWERS_MS = 1_000

type NotReserved = Extract<PeerAnswer, { kind: 'not-reserved' }>

export class Peer {
  readonly #server: OwnerInfo
  readonly #dial: PeerDial
  readonly #traffic: Traffic
  readonly #streams = new Map<number, ForwardedStream>()
  readonly #reserving = new Map<number, Reserving>()
  readonly #taking = new Map<number, () => void>()
  #line: PeerLine | null = null
  #last = 0
  /** Why nothing is asked any more. */
  #left: string | null = null
  /** Called when no stream is left. */
  #whenQuiet: () => void = () => {}

  constructor(server: OwnerInfo, dial: PeerDial, traffic: Traffic) {
    this.#server = server
    this.#dial = dial
    this.#traffic = traffic
  }

  /** A way into a node of that server. When it cannot be reached the sink is told so, later. */
  connect(path: string, sink: StreamSink): TabletStream {
    const number = this.#next()
    const stream = new ForwardedStream(number, sink, {
      send: (ask) => this.#send(ask),
      over: () => {
        this.#streams.delete(number)
        if (this.#streams.size === 0) this.#whenQuiet()
      },
      traffic: this.#traffic,
    })
    this.#streams.set(number, stream)
    this.#send({ kind: 'open', stream: number, path })
    return stream
  }

  /** @returns why there can be no node at the path. @throws UnreachedError when the server cannot tell; EngineError when it fails to find out */
  reserve(path: string): Promise<PathRefusal | null> {
    const ask = this.#next()
    return new Promise((resolve, reject) => {
      this.#reserving.set(ask, { resolve, reject })
      this.#send({ kind: 'reserve', ask, path })
    })
  }

  /** A node there is to be loaded, which this server has let go of. Resolves when it is, or when nothing will come of it. */
  take(path: string): Promise<void> {
    return this.#handing('take', path)
  }

  /** This server will soon let go of a node. Resolves when that is prepared for, or when nothing will come of it. */
  expect(path: string): Promise<void> {
    return this.#handing('expect', path)
  }

  #handing(kind: 'take' | 'expect', path: string): Promise<void> {
    const ask = this.#next()
    return new Promise((resolve) => {
      this.#taking.set(ask, resolve)
      this.#send({ kind, ask, path })
    })
  }

  /** Nothing more is asked of the server. What it was asked it may still answer, for a while; whoever waits for anything else is told at once. */
  async leave(clock: Clock, reason: string): Promise<void> {
    this.#left = reason
    // Whoever answers pings for a session that is somebody else's by now would keep its client from hearing what happens there.
    for (const stream of this.#streams.values()) if (!stream.isOwedAnswers) stream.ended('failed')
    this.#refuseAll(reason)
    if (this.#streams.size > 0) {
      const quiet = new Promise<void>((resolve) => {
        this.#whenQuiet = resolve
      })
      await within(clock, LAST_ANSWERS_MS, quiet)
    }
    this.#line?.close()
    this.#lost(reason, 'failed')
  }

  #next(): number {
    this.#last += 1
    return this.#last
  }

  #send(ask: PeerAsk): void {
    const left = this.#left
    if (left !== null && this.#line === null) {
      queueMicrotask(() => this.#lost(left, 'unreached'))
      return
    }
    this.#line ??= this.#open()
    this.#line.send(ask)
  }

  #open(): PeerLine {
    const line = this.#dial(this.#server, {
      heard: (answer) => {
        if (this.#line === line) this.#hear(answer)
      },
      lost: (reason) => {
        if (this.#line === line) this.#lost(reason, 'failed')
      },
      unreached: (reason) => {
        if (this.#line === line) this.#lost(reason, 'unreached')
      },
    })
    return line
  }

  #hear(answer: PeerAnswer): void {
    switch (answer.kind) {
      case 'deliver':
        return this.#streams.get(answer.stream)?.deliver(answer.settled, answer.events)
      case 'overloaded':
        return this.#streams.get(answer.stream)?.overloaded(answer.settled, answer.requestId)
      case 'ended':
        return this.#streams.get(answer.stream)?.ended(answer.why)
      case 'reserved':
        return this.#reserved(answer.ask)?.resolve(answer.refusal)
      case 'not-reserved':
        return this.#reserved(answer.ask)?.reject(failureOf(answer))
      case 'taken':
        return this.#taken(answer.ask)
    }
  }

  #reserved(ask: number): Reserving | undefined {
    const reserving = this.#reserving.get(ask)
    this.#reserving.delete(ask)
    return reserving
  }

  #taken(ask: number): void {
    this.#taking.get(ask)?.()
    this.#taking.delete(ask)
  }

  #lost(reason: string, end: StreamEnd): void {
    this.#line = null
    for (const stream of this.#streams.values()) stream.ended(end)
    this.#refuseAll(reason)
  }

  /** Nothing is lost with a place that was reserved, nor with a node that was not loaded. */
  #refuseAll(reason: string): void {
    const { address } = this.#server
    const text = `server ${address} has the node and does not answer: ${reason}`
    for (const reserving of this.#reserving.values()) reserving.reject(new UnreachedError(text))
    this.#reserving.clear()
    for (const ask of this.#taking.keys()) this.#taken(ask)
  }
}

function failureOf({ reason, isElsewhere }: NotReserved): EngineError {
  return isElsewhere === true ? new UnreachedError(reason) : new EngineError(reason)
}
