/**
 * Transactions: compares, and by their outcome one of two lists of operations, done as one.
 */
import { byteText, bytesEqual } from '../bytes.ts'
import type { DoneRecordChange } from './done-changes.ts'
import type { Compare, Operation, Transact } from './command.ts'
import type { RecordChange, RecordView } from './event.ts'
import type { RecordLeases } from './leases.ts'
import type { RecordStore } from './store.ts'
import type { RecordWrites } from './writes.ts'
import type { RecordState, StoredRecord } from './record.ts'
import type { Root } from '../root.ts'

interface Machines {
  readonly store: RecordStore
  readonly leases: RecordLeases
  readonly writes: RecordWrites
}

/** What a transaction has done: nothing that was not told, or writes that are still to be answered and told of. */
export interface Done {
  readonly change: DoneRecordChange
  readonly told: readonly RecordChange[]
}

export class Transactions {
  readonly #root: Root
  readonly #machines: Machines

  constructor(root: Root, machines: Machines) {
    this.#root = root
    this.#machines = machines
  }

  /** @returns what was written; null when the command is answered, because it was refused or has written nothing */
  transact(command: Transact): Done | null {
    const { turn } = this.#root
    const problem = this.#problemOf(command)
    if (problem !== null) {
      turn.refuse(command, 'INVALID_ARGUMENT', problem)
      return null
    }
    const succeeded = this.#compare(command)
    if (succeeded === null) return null
    const operations = succeeded ? command.then : command.otherwise
    if (!this.#hasRoomAndLeases(command, operations)) return null
    if (operations.some((operation) => this.#hasEffect(operation))) {
      return this.#write(operations, succeeded)
    }
    const noRoom = this.#problemOfAnswer(operations)
    if (noRoom !== null) {
      turn.refuse(command, 'PRECONDITION_FAILED', noRoom)
      return null
    }
    const { stream, requestId } = command
    const version = this.#root.counters.lastCommit
    const records = this.#read(operations)
    turn.say({ kind: 'transacted', stream, requestId, succeeded, version, records })
    return null
  }

  #problemOf({ compares, then, otherwise }: Transact): string | null {
    const { transactOperationsMax } = this.#root.limits
    const most = Math.max(compares.length, then.length, otherwise.length)
    if (most > transactOperationsMax) {
      return `a transaction has at most ${transactOperationsMax} compares and operations in a list, got ${most}`
    }
    for (const { key } of compares) {
      const problem = this.#machines.writes.problemOfKey(key)
      if (problem !== null) return problem
    }
    return this.#problemOfList(then) ?? this.#problemOfList(otherwise)
  }

  #problemOfList(operations: readonly Operation[]): string | null {
    const { writes } = this.#machines
    const keys = new Set<string>()
    let gets = 0
    for (const operation of operations) {
      if (operation.kind === 'get') gets += 1
      const { key } = operation
      const problem =
        operation.kind === 'put'
          ? writes.problemOfRecord(key, operation.value)
          : writes.problemOfKey(key)
      if (problem !== null) return problem
      keys.add(byteText(key))
    }
    if (keys.size < operations.length) return 'a list of operations names each key once'
    return gets === 0 || gets === operations.length
      ? null
      : 'a list of operations either reads or writes'
  }

  /** Whether all hold; null when the command was refused, because that cannot be told. */
  #compare(command: Transact): boolean | null {
    const { limits, turn } = this.#root
    let cold: StoredRecord | null = null
    for (const compare of command.compares) {
      const record = this.#machines.store.find(compare.key)
      const holds = holdsFor(compare, record?.state)
      if (holds === false) return false
      if (holds === null) cold = record ?? null
    }
    if (cold === null) return true
    const message = `a value of ${cold.state.valueBytes} bytes is not among the ${limits.valueMemoryBytesMax} bytes of values in memory: compare its version`
    turn.refuse(command, 'PRECONDITION_FAILED', message)
    return null
  }

  #hasRoomAndLeases(command: Transact, operations: readonly Operation[]): boolean {
    const { store, leases, writes } = this.#machines
    let added = 0
    for (const operation of operations) {
      if (operation.kind !== 'put') continue
      const problem = operation.lease === null ? null : leases.problemOf(operation.lease)
      if (problem !== null) {
        this.#root.turn.refuse(command, 'WRONG_LEASE', problem)
        return false
      }
      if (store.find(operation.key) === undefined) added += 1
    }
    const problem = added === 0 ? null : writes.problemOfRoom(added)
    if (problem !== null) this.#root.turn.refuse(command, 'PRECONDITION_FAILED', problem)
    return problem === null
  }

  #hasEffect({ kind, key }: Operation): boolean {
    return kind === 'put' || (kind === 'delete' && this.#machines.store.find(key) !== undefined)
  }

  #write(operations: readonly Operation[], succeeded: boolean): Done {
    const { store, writes } = this.#machines
    const version = this.#root.counters.takeCommit()
    const told: RecordChange[] = []
    for (const operation of operations) {
      const record = store.find(operation.key)
      if (operation.kind === 'put') told.push(writes.put(record, operation, version))
      else if (record !== undefined) told.push(writes.remove(record, version))
    }
    return { change: { outcome: succeeded ? 'succeeded' : 'not-succeeded', version }, told }
  }

  /** Null when all that is read fits into one answer. */
  #problemOfAnswer(operations: readonly Operation[]): string | null {
    const { rangeBytesMax } = this.#root.limits
    let bytes = 0
    for (const { key } of operations) {
      if (bytes >= rangeBytesMax) return `what is read has more than ${rangeBytesMax} bytes`
      const record = this.#machines.store.find(key)
      if (record !== undefined) bytes += key.length + record.state.valueBytes
    }
    return null
  }

  #read(operations: readonly Operation[]): (RecordView | null)[] {
    const { store } = this.#machines
    const records: (RecordView | null)[] = []
    for (const { kind, key } of operations) {
      if (kind !== 'get') continue
      const record = store.find(key)
      records.push(record === undefined ? null : store.tell(record.state, this.#root.turn))
    }
    return records
  }
}

/** null when the values would have to be compared, and the record's is not in memory. */
function holdsFor(compare: Compare, state: RecordState | undefined): boolean | null {
  if (compare.target === 'value') {
    const isEqual = hasValue(state, compare.value)
    return isEqual === null ? null : isEqual === (compare.is === '==')
  }
  const version = state?.version ?? 0n
  switch (compare.is) {
    case '==':
      return version === compare.version
    case '!=':
      return version !== compare.version
    case '<':
      return version < compare.version
    case '>':
      break
  }
  return version > compare.version
}

function hasValue(state: RecordState | undefined, value: Uint8Array): boolean | null {
  if (state === undefined || state.valueBytes !== value.length) return false
  return state.value === null ? null : bytesEqual(state.value, value)
}
