/**
 * A session of the storm and all it asks for, through as many streams as the faults make necessary.
 *
 * One visitor asks for one semaphore one thing at a time; only giving up a wait may overtake.
 */
import type {
  AcquireRecord,
  DescribeRecord,
  Place,
  ReleaseRecord,
  SessionRecord,
  WriteRecord,
} from './history.ts'
import { Seat } from './seat.ts'
import { SESSION_EXPIRED, SUCCESS } from './status.ts'
import { orderIdOf, type Request, type Response } from './wire.ts'
import { nowMs, pause, type World } from './world.ts'

const FOR_EVER = 2n ** 64n - 1n

/** How often a client asks whether the server is there. */
const PING_MS = 100

const WRITE_RESULTS = {
  create: 'createSemaphoreResult',
  update: 'updateSemaphoreResult',
  delete: 'deleteSemaphoreResult',
} as const

export interface VisitorOptions {
  readonly actor: string
  readonly timeoutMs: number
  readonly key?: Uint8Array
}

export interface AcquireWish {
  readonly semaphore: string
  readonly limit: bigint
  readonly count: bigint
  readonly timeoutMs: number
  readonly ephemeral: boolean
}

export class Visitor {
  readonly #world: World
  readonly #options: VisitorOptions
  readonly #key: Uint8Array
  readonly #pinging: NodeJS.Timeout
  #record: SessionRecord | null = null
  #seat: Seat | null = null
  #seqNo = 0n

  constructor(world: World, options: VisitorOptions) {
    this.#world = world
    this.#options = options
    this.#key = options.key ?? new Uint8Array(0)
    this.#pinging = setInterval(() => this.#seat?.ping(), PING_MS)
  }

  get actor(): string {
    return this.#options.actor
  }

  get seqNo(): bigint {
    return this.#seqNo
  }

  /** The session that this visitor believes to have; null when it has none. */
  get session(): SessionRecord | null {
    return this.#record
  }

  get seat(): Seat | null {
    return this.#seat
  }

  /** Attaches, as often as it takes. @returns null when the storm is over */
  async present(signal: AbortSignal = this.#world.calm): Promise<SessionRecord | null> {
    for (;;) {
      if (signal.aborted) return null
      if (this.#record !== null && this.#seat?.isLive === true) return this.#record
      const record = await this.attach()
      if (record !== null) return record
      await pause(this.#world.chance.between(10, 80), signal)
    }
  }

  /** One attempt, on a new connection or on the one of another seat. @returns null when it failed */
  async attach(neighbour?: Seat): Promise<SessionRecord | null> {
    this.#seqNo += 1n
    const seat = new Seat(
      this.#world,
      {
        actor: this.actor,
        sessionId: this.#record?.id ?? 0n,
        timeoutMs: this.#options.timeoutMs,
        seqNo: this.#seqNo,
        key: this.#key,
      },
      neighbour?.connection,
    )
    const id = await seat.started
    this.#record?.attachments.push(seat.attachment)
    if (id === null) {
      if (seat.attachment.failure === SESSION_EXPIRED && this.#record !== null) {
        this.#record.expiredAt = seat.attachment.endedAt
        this.#record = null
      }
      return null
    }
    const record = this.#record ?? this.#newSession(id, seat)
    this.#record = record
    this.#seat = seat
    seat.touched = (sentAt) => touch(record, sentAt)
    seat.touched(seat.attachment.sentAt)
    return record
  }

  #newSession(id: bigint, seat: Seat): SessionRecord {
    const record: SessionRecord = {
      actor: this.actor,
      id,
      timeoutMs: this.#options.timeoutMs,
      bornAt: seat.attachment.startedAt,
      attachments: [seat.attachment],
      contactAt: seat.attachment.sentAt,
      silentAt: Infinity,
      stopSentAt: Infinity,
      expiredAt: Infinity,
    }
    this.#world.history.sessions.push(record)
    return record
  }

  /** Ends the session in good order, if that is still possible. */
  async stop(): Promise<void> {
    clearInterval(this.#pinging)
    const seat = this.#seat
    if (seat?.isLive !== true || this.#record === null) return
    this.#record.stopSentAt = nowMs()
    seat.stop()
    await Promise.race([seat.ended, pause(1_000)])
    seat.connection.cut()
  }

  /** Says nothing any more, though the connection stands, or breaks it. */
  die(how: 'silent' | 'cut'): void {
    clearInterval(this.#pinging)
    if (this.#record !== null) this.#record.silentAt = nowMs()
    if (this.#seat === null) return
    this.#seat.isSilent = true
    if (how === 'cut') this.#seat.connection.cut()
  }

  /** @returns the record, and when the answer is there or can come no more */
  acquire(wish: AcquireWish): { readonly record: AcquireRecord; readonly done: Promise<void> } {
    const { semaphore, limit, count, timeoutMs, ephemeral } = wish
    const { orders, history } = this.#world
    const record: AcquireRecord = {
      kind: 'acquire',
      session: this.#present,
      semaphore,
      limit,
      count,
      timeoutMs,
      sentAt: nowMs(),
      seenOrder: orders.seen,
      pendingAt: Infinity,
      returnedAt: Infinity,
      brokenAt: Infinity,
      status: 0,
      acquired: false,
      orderId: null,
    }
    history.holdings.push(record)
    const timeoutMillis = timeoutMs === Infinity ? FOR_EVER : BigInt(timeoutMs)
    const value = { name: semaphore, count, timeoutMillis, ephemeral }
    const done = this.#ask(
      (reqId) => ({ case: 'acquireSemaphore', value: { ...value, reqId } }),
      (response) => {
        if (response === null) record.brokenAt = nowMs()
        if (response?.case === 'acquireSemaphorePending') record.pendingAt = nowMs()
        if (response?.case !== 'acquireSemaphoreResult') return
        this.#answered(record, response.value.status)
        record.acquired = response.value.acquired
        record.orderId = orderIdOf(response.value)
        if (record.orderId !== null) orders.seeGrant(semaphore, record.orderId)
      },
    )
    return { record, done }
  }

  async release(semaphore: string): Promise<ReleaseRecord> {
    const record: ReleaseRecord = {
      kind: 'release',
      session: this.#present,
      semaphore,
      sentAt: nowMs(),
      returnedAt: Infinity,
      status: 0,
      released: false,
    }
    this.#world.history.holdings.push(record)
    await this.#ask(
      (reqId) => ({ case: 'releaseSemaphore', value: { reqId, name: semaphore } }),
      (response) => {
        if (response?.case !== 'releaseSemaphoreResult') return
        this.#answered(record, response.value.status)
        record.released = response.value.released
      },
    )
    return record
  }

  async describe(
    semaphore: string,
    watches: { data: boolean; owners: boolean } = { data: false, owners: false },
  ): Promise<DescribeRecord> {
    const record: DescribeRecord = {
      session: this.#present,
      semaphore,
      watches,
      sentAt: nowMs(),
      grantedOrder: this.#world.orders.grantedOn(semaphore),
      returnedAt: Infinity,
      status: 0,
      watchAdded: false,
      data: null,
      limit: 0n,
      count: 0n,
      owners: [],
      waiters: [],
      changedAt: Infinity,
      changed: null,
      silentUntil: 0,
      deafAt: Infinity,
    }
    this.#world.history.describes.push(record)
    const { data: watchData, owners: watchOwners } = watches
    const more = { includeOwners: true, includeWaiters: true, watchData, watchOwners }
    const seat = this.#seat
    await this.#ask(
      (reqId) => ({ case: 'describeSemaphore', value: { reqId, name: semaphore, ...more } }),
      (response) => {
        if (response?.case !== 'describeSemaphoreResult') return
        this.#answered(record, response.value.status)
        this.#described(record, response.value)
        if (record.watchAdded) seat?.watch(response.value.reqId, record)
      },
    )
    return record
  }

  async write(
    kind: WriteRecord['kind'],
    semaphore: string,
    value: string,
    limit = 1n,
  ): Promise<WriteRecord> {
    const record: WriteRecord = {
      session: this.#present,
      semaphore,
      kind,
      value,
      sentAt: nowMs(),
      returnedAt: Infinity,
      status: 0,
    }
    this.#world.history.writes.push(record)
    await this.#ask(
      (reqId) => writeRequest(record, limit, reqId),
      (response) => {
        if (response !== null && response.case === WRITE_RESULTS[kind]) {
          this.#answered(record, response.value.status)
        }
      },
    )
    return record
  }

  get #present(): SessionRecord {
    if (this.#record === null) throw new Error(`${this.actor} has no session`)
    return this.#record
  }

  /** Asks and waits for the last word; each word goes to `hear`. */
  async #ask(
    make: (reqId: bigint) => Request,
    hear: (response: Response | null) => void,
  ): Promise<void> {
    await new Promise<void>((resolve) => {
      const told = (response: Response | null): void => {
        hear(response)
        if (response?.case !== 'acquireSemaphorePending') resolve()
      }
      if (this.#seat === null) told(null)
      else this.#seat.ask(make, told)
    })
  }

  #answered(
    record: { session: SessionRecord; sentAt: number; returnedAt: number; status: number },
    status: number,
  ): void {
    record.returnedAt = nowMs()
    record.status = status
    // A refusal may come from a session that is not there any more.
    if (status === SUCCESS) touch(record.session, record.sentAt)
  }

  #described(
    record: DescribeRecord,
    value: Extract<Response, { case: 'describeSemaphoreResult' }>['value'],
  ): void {
    record.watchAdded = value.watchAdded
    const description = value.semaphoreDescription
    if (description === undefined) return
    record.data = new TextDecoder().decode(description.data)
    record.limit = description.limit
    record.count = description.count
    record.owners = description.owners.map(placeOf)
    record.waiters = description.waiters.map(placeOf)
    for (const { orderId } of record.owners) {
      this.#world.orders.seeGrant(record.semaphore, orderId)
    }
    for (const { orderId } of record.waiters) this.#world.orders.see(orderId)
  }
}

function touch(session: SessionRecord, sentAt: number): void {
  if (sentAt > session.contactAt) session.contactAt = sentAt
}

function placeOf({ sessionId, count, orderId }: Place): Place {
  return { sessionId, count, orderId }
}

function writeRequest(
  { kind, semaphore: name, value }: WriteRecord,
  limit: bigint,
  reqId: bigint,
): Request {
  const data = new TextEncoder().encode(value)
  if (kind === 'create') return { case: 'createSemaphore', value: { reqId, name, limit, data } }
  if (kind === 'update') return { case: 'updateSemaphore', value: { reqId, name, data } }
  return { case: 'deleteSemaphore', value: { reqId, name } }
}
