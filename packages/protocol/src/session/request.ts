/**
 * What a client says on a session stream, as plain objects, and how they are read from bytes.
 *
 * Held to the generated code by tests; stricter than it where a message inside overruns its frame.
 */
import { BYTES, VARINT, WireReader } from '../wire-reader.ts'

export interface Ping {
  readonly kind: 'ping'
  readonly opaque: bigint
}

export interface Pong {
  readonly kind: 'pong'
  readonly opaque: bigint
}

export interface SessionStart {
  readonly kind: 'start'
  readonly path: string
  /** 0 asks for a new session. */
  readonly sessionId: bigint
  readonly timeoutMs: bigint
  readonly description: string
  readonly sequenceNumber: bigint
  readonly protectionKey: Uint8Array
}

export interface SessionStop {
  readonly kind: 'stop'
}

interface Numbered {
  /** Chosen by the client and echoed; need not be unique. */
  readonly requestId: bigint
  readonly name: string
}

export interface AcquireSemaphore extends Numbered {
  readonly kind: 'acquire'
  readonly timeoutMs: bigint
  readonly count: bigint
  readonly data: Uint8Array
  readonly ephemeral: boolean
}

export interface ReleaseSemaphore extends Numbered {
  readonly kind: 'release'
}

export interface DescribeSemaphore extends Numbered {
  readonly kind: 'describe'
  readonly owners: boolean
  readonly waiters: boolean
  readonly watchData: boolean
  readonly watchOwners: boolean
}

/**
 * Tenure's addition to requests that change a semaphore: a number of the change within its session, so that it can be sent
 * again without being done again. YDB's servers pass over it.
 */
export interface ChangeNumber {
  readonly serial: bigint
  /** The client knows the outcome of every change below this one. */
  readonly settledBelow: bigint
}

export interface ChangeRequest extends Numbered {
  readonly change?: ChangeNumber
}

export interface CreateSemaphore extends ChangeRequest {
  readonly kind: 'create'
  readonly limit: bigint
  readonly data: Uint8Array
}

export interface UpdateSemaphore extends ChangeRequest {
  readonly kind: 'update'
  readonly data: Uint8Array
}

export interface DeleteSemaphore extends ChangeRequest {
  readonly kind: 'delete'
  readonly force: boolean
}

export type SemaphoreRequest =
  | AcquireSemaphore
  | ReleaseSemaphore
  | DescribeSemaphore
  | CreateSemaphore
  | UpdateSemaphore
  | DeleteSemaphore

/** A slot that YDB has given up; its number is that of the field. */
export interface RetiredRequest {
  readonly kind: 'retired'
  readonly slot: number
}

/** A message in which nothing known is set. */
export interface EmptyRequest {
  readonly kind: 'empty'
}

export type SessionRequest =
  | Ping
  | Pong
  | SessionStart
  | SessionStop
  | SemaphoreRequest
  | RetiredRequest
  | EmptyRequest

/** Field numbers of the alternatives. */
export const REQUEST_SLOT = {
  ping: 1,
  pong: 2,
  start: 3,
  stop: 4,
  acquire: 7,
  release: 8,
  describe: 9,
  create: 10,
  update: 11,
  delete: 12,
} as const
export const REQUEST_SLOT_MAX = 15

/** Fields of a change's number. Who does not know them passes over them, as protobuf wants. */
export const CHANGE_SERIAL_FIELD = 1001
export const CHANGE_SETTLED_FIELD = 1002

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const NO_BYTES = new Uint8Array(0)

/** @throws WireError when the bytes are malformed or a text is not valid UTF-8 */
export function decodeSessionRequest(bytes: Uint8Array): SessionRequest {
  const reader = new WireReader(bytes)
  let request: SessionRequest = { kind: 'empty' }
  while (reader.nextField()) {
    if (reader.field > REQUEST_SLOT_MAX || reader.wireType !== BYTES) {
      reader.skip()
      continue
    }
    const outerEnd = reader.enter()
    request = readAlternative(reader, reader.field, request)
    reader.leave(outerEnd)
  }
  return request
}

/** The last alternative wins; the same one twice is merged, as protobuf has it. */
function readAlternative(reader: WireReader, slot: number, before: SessionRequest): SessionRequest {
  switch (slot) {
    case REQUEST_SLOT.ping:
      return readPingPong(reader, before.kind === 'ping' ? before : { kind: 'ping', opaque: 0n })
    case REQUEST_SLOT.pong:
      return readPingPong(reader, before.kind === 'pong' ? before : { kind: 'pong', opaque: 0n })
    case REQUEST_SLOT.start:
      return readStart(reader, before)
    case REQUEST_SLOT.stop:
      skipAll(reader)
      return { kind: 'stop' }
    case REQUEST_SLOT.acquire:
      return readAcquire(reader, before)
    case REQUEST_SLOT.release:
      return readRelease(reader, before)
    case REQUEST_SLOT.describe:
      return readDescribe(reader, before)
    case REQUEST_SLOT.create:
      return readCreate(reader, before)
    case REQUEST_SLOT.update:
      return readUpdate(reader, before)
    case REQUEST_SLOT.delete:
      return readDelete(reader, before)
    default:
      skipAll(reader)
      return { kind: 'retired', slot }
  }
}

function skipAll(reader: WireReader): void {
  while (reader.nextField()) reader.skip()
}

function readPingPong<T extends Ping | Pong>(reader: WireReader, before: T): T {
  const message: Mutable<T> = { ...before }
  while (reader.nextField()) {
    if (reader.field === 1 && reader.wireType === VARINT) message.opaque = reader.u64()
    else reader.skip()
  }
  return message
}

function readStart(reader: WireReader, before: SessionRequest): SessionStart {
  const message: Mutable<SessionStart> =
    before.kind === 'start'
      ? before
      : {
          kind: 'start',
          path: '',
          sessionId: 0n,
          timeoutMs: 0n,
          description: '',
          sequenceNumber: 0n,
          protectionKey: NO_BYTES,
        }
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 1) message.path = reader.text()
    else if (wireType === VARINT && field === 2) message.sessionId = reader.u64()
    else if (wireType === VARINT && field === 3) message.timeoutMs = reader.u64()
    else if (wireType === BYTES && field === 4) message.description = reader.text()
    else if (wireType === VARINT && field === 5) message.sequenceNumber = reader.u64()
    else if (wireType === BYTES && field === 6) message.protectionKey = reader.bytes()
    else reader.skip()
  }
  return message
}

/** Reads the two fields that every semaphore request begins with. */
function readNumbered(reader: WireReader, message: Mutable<Numbered>): boolean {
  const { field, wireType } = reader
  if (wireType === VARINT && field === 1) message.requestId = reader.u64()
  else if (wireType === BYTES && field === 2) message.name = reader.text()
  else return false
  return true
}

/** Reads the fields of a request that changes a semaphore, as far as all of these have them. */
function readChange(reader: WireReader, message: Mutable<ChangeRequest>): boolean {
  if (readNumbered(reader, message)) return true
  const { field, wireType } = reader
  if (wireType !== VARINT) return false
  const { serial = 0n, settledBelow = 0n } = message.change ?? {}
  if (field === CHANGE_SERIAL_FIELD) message.change = { serial: reader.u64(), settledBelow }
  else if (field === CHANGE_SETTLED_FIELD) message.change = { serial, settledBelow: reader.u64() }
  else return false
  return true
}

function readAcquire(reader: WireReader, before: SessionRequest): AcquireSemaphore {
  const message: Mutable<AcquireSemaphore> =
    before.kind === 'acquire'
      ? before
      : {
          kind: 'acquire',
          requestId: 0n,
          name: '',
          timeoutMs: 0n,
          count: 0n,
          data: NO_BYTES,
          ephemeral: false,
        }
  while (reader.nextField()) {
    if (readNumbered(reader, message)) continue
    const { field, wireType } = reader
    if (wireType === VARINT && field === 3) message.timeoutMs = reader.u64()
    else if (wireType === VARINT && field === 4) message.count = reader.u64()
    else if (wireType === BYTES && field === 5) message.data = reader.bytes()
    else if (wireType === VARINT && field === 6) message.ephemeral = reader.bool()
    else reader.skip()
  }
  return message
}

function readRelease(reader: WireReader, before: SessionRequest): ReleaseSemaphore {
  const message: Mutable<ReleaseSemaphore> =
    before.kind === 'release' ? before : { kind: 'release', requestId: 0n, name: '' }
  while (reader.nextField()) {
    if (!readNumbered(reader, message)) reader.skip()
  }
  return message
}

function readDescribe(reader: WireReader, before: SessionRequest): DescribeSemaphore {
  const message: Mutable<DescribeSemaphore> =
    before.kind === 'describe'
      ? before
      : {
          kind: 'describe',
          requestId: 0n,
          name: '',
          owners: false,
          waiters: false,
          watchData: false,
          watchOwners: false,
        }
  while (reader.nextField()) {
    if (readNumbered(reader, message)) continue
    const { field, wireType } = reader
    if (wireType !== VARINT) reader.skip()
    else if (field === 3) message.owners = reader.bool()
    else if (field === 4) message.waiters = reader.bool()
    else if (field === 5) message.watchData = reader.bool()
    else if (field === 6) message.watchOwners = reader.bool()
    else reader.skip()
  }
  return message
}

function readCreate(reader: WireReader, before: SessionRequest): CreateSemaphore {
  const message: Mutable<CreateSemaphore> =
    before.kind === 'create'
      ? before
      : { kind: 'create', requestId: 0n, name: '', limit: 0n, data: NO_BYTES }
  while (reader.nextField()) {
    if (readChange(reader, message)) continue
    const { field, wireType } = reader
    if (wireType === VARINT && field === 3) message.limit = reader.u64()
    else if (wireType === BYTES && field === 4) message.data = reader.bytes()
    else reader.skip()
  }
  return message
}

function readUpdate(reader: WireReader, before: SessionRequest): UpdateSemaphore {
  const message: Mutable<UpdateSemaphore> =
    before.kind === 'update' ? before : { kind: 'update', requestId: 0n, name: '', data: NO_BYTES }
  while (reader.nextField()) {
    if (readChange(reader, message)) continue
    if (reader.wireType === BYTES && reader.field === 3) message.data = reader.bytes()
    else reader.skip()
  }
  return message
}

function readDelete(reader: WireReader, before: SessionRequest): DeleteSemaphore {
  const message: Mutable<DeleteSemaphore> =
    before.kind === 'delete' ? before : { kind: 'delete', requestId: 0n, name: '', force: false }
  while (reader.nextField()) {
    if (readChange(reader, message)) continue
    if (reader.wireType === VARINT && reader.field === 3) message.force = reader.bool()
    else reader.skip()
  }
  return message
}
