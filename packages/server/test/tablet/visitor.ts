/** A client of one stream that remembers what it was told. */
import type { Event, NodeConfig } from '@tenure/kernel'
import { MAX_U64 } from '@tenure/kernel'
import type { HostedNode } from '../../src/host/host.ts'
import type { StreamCommand, StreamEnd, StreamSink, TabletStream } from '../../src/tablet/stream.ts'
import { settle } from './manual-clock.ts'

const NO_CONFIG: NodeConfig = {
  selfCheckPeriodMs: 0,
  sessionGracePeriodMs: 0,
  readConsistency: 'unset',
  attachConsistency: 'unset',
  rateLimiterCounters: 'unset',
}

const NOTHING = new Uint8Array(0)

export class Visitor implements StreamSink {
  readonly stream: TabletStream
  readonly deliveries: (readonly Event[])[] = []
  readonly refused: bigint[] = []
  end: StreamEnd | null = null
  session = 0n
  #requestId = 0n

  constructor(node: HostedNode) {
    this.stream = node.connect(this)
  }

  get events(): Event[] {
    return this.deliveries.flat()
  }

  /** What was said, in short. */
  get said(): string[] {
    return this.events.map((event) => event.kind)
  }

  deliver(events: readonly Event[]): void {
    this.deliveries.push(events)
    for (const event of events) if (event.kind === 'attached') this.session = event.session
  }

  overloaded(requestId: bigint): void {
    this.refused.push(requestId)
  }

  ended(why: StreamEnd): void {
    this.end = why
  }

  ask(command: StreamCommand): bigint {
    this.stream.submit(command)
    return command.requestId
  }

  nextId(): bigint {
    this.#requestId += 1n
    return this.#requestId
  }

  createNode(): bigint {
    return this.ask({ kind: 'create-node', requestId: this.nextId(), config: NO_CONFIG })
  }

  dropNode(): bigint {
    return this.ask({ kind: 'drop-node', requestId: this.nextId() })
  }

  describeNode(): bigint {
    return this.ask({ kind: 'describe-node', requestId: this.nextId() })
  }

  attach(options: { session?: bigint; timeoutMs?: bigint; description?: string } = {}): bigint {
    const { session = 0n, timeoutMs = 5_000n, description = '' } = options
    return this.ask({
      kind: 'attach',
      requestId: this.nextId(),
      session,
      timeoutMs,
      description,
      sequenceNumber: 0n,
      protectionKey: NOTHING,
    })
  }

  stop(): bigint {
    return this.ask({ kind: 'stop', requestId: this.nextId(), session: this.session })
  }

  createSemaphore(name: string, limit = 1n): bigint {
    const { session } = this
    const requestId = this.nextId()
    return this.ask({ kind: 'create-semaphore', requestId, session, name, limit, data: NOTHING })
  }

  updateSemaphore(name: string, data: string): bigint {
    return this.ask({
      kind: 'update-semaphore',
      requestId: this.nextId(),
      session: this.session,
      name,
      data: Buffer.from(data),
    })
  }

  describe(name: string): bigint {
    return this.ask({
      kind: 'describe-semaphore',
      requestId: this.nextId(),
      session: this.session,
      name,
      owners: true,
      waiters: true,
      watchData: false,
      watchOwners: false,
      watchAbsent: false,
      watchStands: false,
    })
  }

  /** Sets a watch that stands. */
  watch(name: string): bigint {
    return this.ask({
      kind: 'describe-semaphore',
      requestId: this.nextId(),
      session: this.session,
      name,
      owners: true,
      waiters: false,
      watchData: true,
      watchOwners: true,
      watchAbsent: true,
      watchStands: true,
    })
  }

  acquire(name: string, options: { timeoutMs?: bigint; ephemeral?: boolean } = {}): bigint {
    const { timeoutMs = MAX_U64, ephemeral = true } = options
    return this.ask({
      kind: 'acquire',
      requestId: this.nextId(),
      session: this.session,
      name,
      count: ephemeral ? MAX_U64 : 1n,
      timeoutMs,
      data: NOTHING,
      ephemeral,
    })
  }

  release(name: string): bigint {
    return this.ask({ kind: 'release', requestId: this.nextId(), session: this.session, name })
  }
}

/** A visitor with a session. */
export async function visit(node: HostedNode): Promise<Visitor> {
  const visitor = new Visitor(node)
  visitor.attach()
  await settle()
  visitor.deliveries.length = 0
  return visitor
}
