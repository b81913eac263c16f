/** A client's way into a node that another server has. */
import type { Event, SessionId } from '@tenure/kernel'
import type { StreamCommand, StreamEnd, StreamSink, TabletStream } from '../tablet/stream.ts'
import type { PeerAsk } from './peer-message.ts'
import { PassingSessions, type Traffic } from './traffic.ts'

export interface ForwardedPorts {
  readonly send: (ask: PeerAsk) => void
  /** Nothing is said of the stream any more. */
  readonly over: () => void
  readonly traffic: Traffic
}

export class ForwardedStream implements TabletStream {
  readonly #number: number
  readonly #sink: StreamSink
  readonly #ports: ForwardedPorts
  readonly #sessions: PassingSessions
  #submitted = 0
  #settled = 0
  #isOver = false

  constructor(number: number, sink: StreamSink, ports: ForwardedPorts) {
    this.#number = number
    this.#sink = sink
    this.#ports = ports
    this.#sessions = new PassingSessions(ports.traffic.outward)
  }

  get unsettled(): number {
    return this.#submitted - this.#settled
  }

  /** Whether an answer is owed that comes on no other stream. A session is told that it has to come again. */
  get isOwedAnswers(): boolean {
    return this.unsettled > 0 && this.#sessions.isEmpty
  }

  submit(command: StreamCommand): void {
    if (this.#isOver) return
    this.#submitted += 1
    this.#ports.traffic.commands += 1
    this.#ports.send({ kind: 'submit', stream: this.#number, command })
  }

  detach(session: SessionId): void {
    if (this.#isOver) return
    this.#sessions.left(session)
    this.#ports.send({ kind: 'detach', stream: this.#number, session })
  }

  close(): void {
    if (this.#isOver) return
    this.#ports.send({ kind: 'close', stream: this.#number })
    this.#end()
  }

  deliver(settled: number, events: readonly Event[]): void {
    if (this.#isOver) return
    this.#settled = settled
    this.#sessions.told(events)
    this.#sink.deliver(events)
  }

  overloaded(settled: number, requestId: bigint): void {
    if (this.#isOver) return
    this.#settled = settled
    this.#sink.overloaded(requestId)
  }

  ended(why: StreamEnd): void {
    if (this.#isOver) return
    this.#end()
    this.#sink.ended(why)
  }

  #end(): void {
    this.#isOver = true
    this.#sessions.close()
    this.#ports.over()
  }
}
