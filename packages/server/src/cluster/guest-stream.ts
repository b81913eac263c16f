/** One client of another server, in a node that runs here. */
import type { Event, SessionId } from '@tenure/kernel'
import type { HostedNode } from '../host/host.ts'
import type { StreamCommand, StreamEnd, StreamSink, TabletStream } from '../tablet/stream.ts'
import type { PeerAnswer } from './peer-message.ts'
import { PassingSessions, type SessionTotal } from './traffic.ts'

export interface GuestStreamPorts {
  readonly say: (answer: PeerAnswer) => void
  readonly over: () => void
  /** Counts the sessions. */
  readonly total: SessionTotal
}

export class GuestStream implements StreamSink {
  readonly #number: number
  readonly #ports: GuestStreamPorts
  readonly #sessions: PassingSessions
  /** null until the node was found. */
  #stream: TabletStream | null = null
  /** What came before that. */
  #early: StreamCommand[] = []
  #received = 0
  #isOver = false

  constructor(number: number, ports: GuestStreamPorts) {
    this.#number = number
    this.#ports = ports
    this.#sessions = new PassingSessions(ports.total)
  }

  begin(node: HostedNode): void {
    if (this.#isOver) return
    const stream = node.connect(this)
    this.#stream = stream
    const early = this.#early
    this.#early = []
    for (const command of early) stream.submit(command)
  }

  submit(command: StreamCommand): void {
    this.#received += 1
    if (this.#stream === null) this.#early.push(command)
    else this.#stream.submit(command)
  }

  /** A session is known only from an answer, so the node was found. */
  detach(session: SessionId): void {
    this.#sessions.left(session)
    this.#stream?.detach(session)
  }

  close(): void {
    this.#isOver = true
    this.#sessions.close()
    this.#stream?.close()
  }

  deliver(events: readonly Event[]): void {
    if (this.#isOver) return
    const { stream, settled } = this.#place
    this.#sessions.told(events)
    this.#ports.say({ kind: 'deliver', stream, settled, events })
  }

  overloaded(requestId: bigint): void {
    if (this.#isOver) return
    const { stream, settled } = this.#place
    this.#ports.say({ kind: 'overloaded', stream, settled, requestId })
  }

  ended(why: StreamEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#sessions.close()
    this.#ports.over()
    this.#ports.say({ kind: 'ended', stream: this.#number, why })
  }

  get #place(): { stream: number; settled: number } {
    return { stream: this.#number, settled: this.#received - (this.#stream?.unsettled ?? 0) }
  }
}
