/** The way out of a tablet: what a batch holds for its streams, and their ends. A stream that breaks harms nobody else. */
import { reasonOf } from '../log.ts'
import type { Log } from '../log.ts'
import type { Batch, Outbox } from './batch.ts'
import type { OpenStream } from './open-stream.ts'
import type { StreamEnd } from './stream.ts'

export interface DeliveryPorts {
  readonly path: string
  readonly log: Log
}

export class Delivery {
  readonly #ports: DeliveryPorts

  constructor(ports: DeliveryPorts) {
    this.#ports = ports
  }

  /** Only once the batch is durable. */
  deliver(batch: Batch): void {
    for (const outbox of batch.losers) this.#deliver(outbox)
    for (const outbox of batch.outboxes) if (!outbox.isLosing) this.#deliver(outbox)
  }

  end(stream: OpenStream, why: StreamEnd): void {
    if (stream.over) return
    stream.over = true
    try {
      stream.sink.ended(why)
    } catch (error) {
      this.#broke(error)
    }
  }

  #deliver(outbox: Outbox): void {
    const { stream, events, commands } = outbox
    stream.waitingCommands -= commands
    if (stream.outbox === outbox) stream.outbox = null
    if ((events.length === 0 && commands === 0) || stream.over) return
    try {
      stream.sink.deliver(events)
    } catch (error) {
      this.#broke(error)
      stream.close()
      stream.sink.ended('failed')
    }
  }

  #broke(error: unknown): void {
    const { path, log } = this.#ports
    log.error('a stream broke', { path, reason: reasonOf(error) })
  }
}
