/** Decodes what a server says on a session stream. */
import { BYTES, VARINT, WireReader } from '../wire-reader.ts'
import { type Issue, readIssue } from './issue.ts'
import {
  type AcquirePending,
  GRANT_ORDER_ID_FIELD,
  NUMBERS_CHANGES_FIELD,
  type CreateResult,
  type DescribeChanged,
  type HolderMessage,
  RESPONSE_SLOT,
  RESPONSE_SLOT_MAX,
  type SemaphoreMessage,
  type SessionResponse,
  type SessionStarted,
} from './response.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const NO_BYTES = new Uint8Array(0)

/**
 * Reads one message. The last alternative wins; a server never sends one twice, so nothing is merged.
 *
 * @throws WireError when the bytes are malformed or a text is not valid UTF-8
 */
export function decodeSessionResponse(bytes: Uint8Array): SessionResponse {
  const reader = new WireReader(bytes)
  let response: SessionResponse = { kind: 'empty' }
  while (reader.nextField()) {
    if (reader.field > RESPONSE_SLOT_MAX || reader.wireType !== BYTES) {
      reader.skip()
      continue
    }
    const slot = reader.field
    const outerEnd = reader.enter()
    response = readAlternative(reader, slot)
    reader.leave(outerEnd)
  }
  return response
}

function readAlternative(reader: WireReader, slot: number): SessionResponse {
  switch (slot) {
    case RESPONSE_SLOT.ping:
      return { kind: 'ping', opaque: readNumber(reader) }
    case RESPONSE_SLOT.pong:
      return { kind: 'pong', opaque: readNumber(reader) }
    case RESPONSE_SLOT.failure:
      return readFailure(reader)
    case RESPONSE_SLOT.started:
      return readStarted(reader)
    case RESPONSE_SLOT.stopped:
      return { kind: 'stopped', sessionId: readNumber(reader) }
    case RESPONSE_SLOT.pending:
      return { kind: 'pending', requestId: readNumber(reader) } satisfies AcquirePending
    case RESPONSE_SLOT.changed:
      return readChanged(reader)
    default:
      return readResult(reader, slot)
  }
}

function readNumber(reader: WireReader): bigint {
  let value = 0n
  while (reader.nextField()) {
    if (reader.field === 1 && reader.wireType === VARINT) value = reader.u64()
    else reader.skip()
  }
  return value
}

function readFailure(reader: WireReader): SessionResponse {
  let status = 0
  const issues: Issue[] = []
  while (reader.nextField()) {
    if (reader.field === 1 && reader.wireType === VARINT) status = reader.u32()
    else if (reader.field === 2 && reader.wireType === BYTES) issues.push(readIssue(reader))
    else reader.skip()
  }
  return { kind: 'failure', status, issues }
}

function readStarted(reader: WireReader): SessionStarted {
  let sessionId = 0n
  let timeoutMs = 0n
  let numbersChanges = false
  while (reader.nextField()) {
    if (reader.wireType !== VARINT) reader.skip()
    else if (reader.field === 1) sessionId = reader.u64()
    else if (reader.field === 2) timeoutMs = reader.u64()
    else if (reader.field === NUMBERS_CHANGES_FIELD) numbersChanges = reader.bool()
    else reader.skip()
  }
  return { kind: 'started', sessionId, timeoutMs, numbersChanges }
}

function readChanged(reader: WireReader): DescribeChanged {
  let requestId = 0n
  let data = false
  let owners = false
  while (reader.nextField()) {
    if (reader.wireType !== VARINT) reader.skip()
    else if (reader.field === 1) requestId = reader.u64()
    else if (reader.field === 2) data = reader.bool()
    else if (reader.field === 3) owners = reader.bool()
    else reader.skip()
  }
  return { kind: 'changed', requestId, data, owners }
}

/** Results share their first three fields; what follows depends on the slot. */
function readResult(reader: WireReader, slot: number): SessionResponse {
  const issues: Issue[] = []
  let requestId = 0n
  let status = 0
  let flag4 = false
  let flag5 = false
  let orderId: bigint | null = null
  let description: SemaphoreMessage | null = null
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT) {
      if (field === 1) requestId = reader.u64()
      else if (field === 2) status = reader.u32()
      else if (field === 4) flag4 = reader.bool()
      else if (field === 5) flag5 = reader.bool()
      else if (field === GRANT_ORDER_ID_FIELD) orderId = reader.u64()
      else reader.skip()
    } else if (wireType !== BYTES) reader.skip()
    else if (field === 3) issues.push(readIssue(reader))
    else if (field === 4 && slot === RESPONSE_SLOT['describe-result']) {
      description = readSemaphore(reader)
    } else reader.skip()
  }
  const result = { requestId, status, issues }
  if (slot === RESPONSE_SLOT['describe-result']) {
    return { kind: 'describe-result', ...result, description, watchAdded: flag5 }
  }
  if (slot === RESPONSE_SLOT['acquire-result']) {
    return { kind: 'acquire-result', ...result, acquired: flag4, orderId }
  }
  return resultOf(slot, result, flag4)
}

/** @param flag the fourth field, where there is one */
function resultOf(
  slot: number,
  result: Pick<CreateResult, 'requestId' | 'status' | 'issues'>,
  flag: boolean,
): SessionResponse {
  switch (slot) {
    case RESPONSE_SLOT['release-result']:
      return { kind: 'release-result', ...result, released: flag }
    case RESPONSE_SLOT['create-result']:
      return { kind: 'create-result', ...result }
    case RESPONSE_SLOT['update-result']:
      return { kind: 'update-result', ...result }
    case RESPONSE_SLOT['delete-result']:
      return { kind: 'delete-result', ...result }
    default:
      return { kind: 'retired', slot }
  }
}

/** Reads the semaphore at which the reader stands. */
export function readSemaphore(reader: WireReader): SemaphoreMessage {
  const outerEnd = reader.enter()
  const owners: HolderMessage[] = []
  const waiters: HolderMessage[] = []
  const semaphore: Mutable<SemaphoreMessage> = {
    name: '',
    data: NO_BYTES,
    count: 0n,
    limit: 0n,
    ephemeral: false,
    owners,
    waiters,
  }
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT) readSemaphoreNumber(reader, semaphore)
    else if (wireType !== BYTES) reader.skip()
    else if (field === 1) semaphore.name = reader.text()
    else if (field === 2) semaphore.data = reader.bytes()
    else if (field === 5) owners.push(readHolder(reader))
    else if (field === 6) waiters.push(readHolder(reader))
    else reader.skip()
  }
  reader.leave(outerEnd)
  return semaphore
}

function readSemaphoreNumber(reader: WireReader, semaphore: Mutable<SemaphoreMessage>): void {
  if (reader.field === 3) semaphore.limit = reader.u64()
  else if (reader.field === 4) semaphore.ephemeral = reader.bool()
  else if (reader.field === 7) semaphore.count = reader.u64()
  else reader.skip()
}

function readHolder(reader: WireReader): HolderMessage {
  const outerEnd = reader.enter()
  const holder: Mutable<HolderMessage> = {
    orderId: 0n,
    sessionId: 0n,
    timeoutMs: 0n,
    count: 0n,
    data: NO_BYTES,
  }
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 4) holder.data = reader.bytes()
    else if (wireType !== VARINT) reader.skip()
    else if (field === 1) holder.sessionId = reader.u64()
    else if (field === 2) holder.timeoutMs = reader.u64()
    else if (field === 3) holder.count = reader.u64()
    else if (field === 5) holder.orderId = reader.u64()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return holder
}
