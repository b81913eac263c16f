/** One stream that has, or wants, a session: what is sent on it, and who hears the answers. */
import type { Attachment, DescribeRecord } from './history.ts'
import { Connection, type Request, type Response, responseOf, type WireStream } from './wire.ts'
import { nowMs, type World } from './world.ts'

/** Hears an answer; null when none can come any more. */
type Hear = (response: Response | null) => void

export interface SeatStart {
  readonly actor: string
  readonly sessionId: bigint
  readonly timeoutMs: number
  readonly seqNo: bigint
  readonly key: Uint8Array
}

export class Seat {
  readonly attachment: Attachment
  /** The id of the session; null when the stream ended before it was told. */
  readonly started: Promise<bigint | null>
  readonly ended: Promise<void>
  readonly connection: Connection
  /** A silent one answers no pings. */
  isSilent = false
  /** Called with the time at which a message was sent that the server has answered. */
  touched: (sentAt: number) => void = () => {}
  readonly #world: World
  readonly #stream: WireStream
  readonly #actor: string
  readonly #asked = new Map<bigint, Hear>()
  readonly #watches = new Map<bigint, DescribeRecord>()
  readonly #pings = new Map<bigint, number>()
  #nextId = 1n
  #start: (id: bigint | null) => void = () => {}
  #end: () => void = () => {}

  /** @param connection one that is shared with another stream; absent for a new one */
  constructor(world: World, start: SeatStart, connection?: Connection) {
    this.#world = world
    this.#actor = start.actor
    const { seqNo, sessionId, timeoutMs, key } = start
    this.attachment = {
      seqNo,
      sentAt: nowMs(),
      startedAt: Infinity,
      endedAt: Infinity,
      failure: null,
      failedAt: Infinity,
      generation: world.generation,
    }
    this.started = new Promise((resolve) => {
      this.#start = resolve
    })
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    this.connection = connection ?? new Connection(world.network.address)
    this.#stream = this.connection.stream(
      (message) => this.#hear(responseOf(message)),
      () => this.#over(),
    )
    this.#stream.send({
      case: 'sessionStart',
      value: {
        path: world.path,
        sessionId,
        timeoutMillis: BigInt(timeoutMs),
        seqNo,
        protectionKey: key,
      },
    })
  }

  get isLive(): boolean {
    return this.attachment.startedAt < Infinity && this.attachment.endedAt === Infinity
  }

  /** Sends a request; the answers to it are heard until a result or the end. */
  ask(make: (reqId: bigint) => Request, hear: Hear): void {
    const reqId = this.#nextId
    this.#nextId += 1n
    if (this.attachment.endedAt < Infinity) return hear(null)
    this.#asked.set(reqId, hear)
    this.#stream.send(make(reqId))
  }

  /** From here on a change is told to this record, instead of one that watched the same before. */
  watch(reqId: bigint, record: DescribeRecord): void {
    this.#watches.set(reqId, record)
  }

  ping(): void {
    if (!this.isLive || this.isSilent) return
    const opaque = this.#nextId
    this.#nextId += 1n
    this.#pings.set(opaque, nowMs())
    this.#stream.send({ case: 'ping', value: { opaque } })
  }

  stop(): void {
    this.#stream.send({ case: 'sessionStop', value: {} })
  }

  leave(): void {
    this.#stream.cancel()
  }

  #hear(response: Response | null): void {
    const at = nowMs()
    if (response?.case === undefined) this.#accuse('M2', 'a message that says nothing')
    else if (response.case === 'sessionStarted') {
      this.attachment.startedAt = at
      this.#start(response.value.sessionId)
    } else if (response.case === 'ping') {
      if (this.isSilent) return
      this.#stream.send({ case: 'pong', value: { opaque: response.value.opaque } })
    } else if (response.case === 'pong') {
      const sentAt = this.#pings.get(response.value.opaque)
      this.#pings.delete(response.value.opaque)
      if (sentAt === undefined) this.#accuse('M2', 'a pong without a ping')
      else this.#ponged(sentAt)
    } else if (response.case === 'failure') {
      this.attachment.failure = response.value.status
      this.attachment.failedAt = at
    } else if (response.case === 'describeSemaphoreChanged') {
      const { reqId, dataChanged: data, ownersChanged: owners } = response.value
      this.#changed(reqId, { data, owners })
    } else if ('reqId' in response.value) this.#answered(response.value.reqId, response)
    else if (response.case !== 'sessionStopped') {
      this.#accuse('M2', `${response.case}, which no server sends`)
    }
  }

  #ponged(sentAt: number): void {
    this.touched(sentAt)
    for (const record of this.#watches.values()) record.silentUntil = sentAt
  }

  #answered(reqId: bigint, response: Response): void {
    const hear = this.#asked.get(reqId)
    if (hear === undefined) {
      this.#accuse('M2', `${response.case} for request ${reqId}, which waits for no answer`)
      return
    }
    if (response.case !== 'acquireSemaphorePending') this.#asked.delete(reqId)
    hear(response)
  }

  #changed(reqId: bigint, changed: { data: boolean; owners: boolean }): void {
    const record = this.#watches.get(reqId)
    if (record === undefined) {
      this.#accuse('W1', `a change for request ${reqId}, which watches nothing`)
      return
    }
    this.#watches.delete(reqId)
    const at = nowMs()
    if (changed.data || changed.owners) {
      record.changedAt = at
      record.changed = changed
    } else {
      record.deafAt = at
    }
  }

  #accuse(id: string, what: string): void {
    const about = [this.#actor]
    this.#world.history.violations.push({ id, at: nowMs(), what: `${this.#actor}: ${what}`, about })
  }

  #over(): void {
    const at = nowMs()
    this.attachment.endedAt = at
    this.#start(null)
    for (const record of this.#watches.values()) record.deafAt = at
    this.#watches.clear()
    for (const hear of this.#asked.values()) hear(null)
    this.#asked.clear()
    this.#end()
  }
}
