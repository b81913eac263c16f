/** Transactions: compare some records, then read some or write some, in one commit. */
import type { Compare as CompareMessage, TransactOperation, TransactStep } from '@tenure/protocol'
import { optionsOf } from '../arguments.ts'
import type { Bytes } from '../bytes.ts'
import {
  type FenceOptions,
  fenceOf,
  leaseIdOf,
  type LeaseReference,
  valueOf,
  versionOf,
} from './arguments.ts'
import { keyOf } from './keys.ts'
import type { Key, Record } from './record.ts'
import { outOfRange, wrongType } from '../wrong-argument.ts'

/** What must hold of a key. An absent record has version 0, and a value that equals none. */
export type Compare =
  | {
      readonly key: Key
      readonly version: bigint
      /** `'=='` by default. */
      readonly is?: '==' | '!=' | '<' | '>'
    }
  | { readonly key: Key; readonly exists: boolean }
  | {
      readonly key: Key
      readonly value: Bytes
      /** `'=='` by default. */
      readonly is?: '==' | '!='
    }

export type Op =
  | {
      readonly kind: 'put'
      readonly key: Key
      readonly value: Bytes
      /** Absent: an existing record keeps its lease. */
      readonly lease?: LeaseReference
    }
  /** Without effect on a key that is absent. */
  | { readonly kind: 'delete'; readonly key: Key }
  | { readonly kind: 'get'; readonly key: Key }

/** Each list either reads or writes, and names each key once. */
export interface Transaction extends FenceOptions {
  readonly if?: readonly Compare[]
  /** Done when all compares hold. */
  readonly then?: readonly Op[]
  /** Done when one does not. */
  readonly else?: readonly Op[]
}

export interface TransactResult {
  /** Whether all compares held. */
  readonly succeeded: boolean
  /** Of what was written; the node's newest when nothing was. */
  readonly version: bigint
  /** What the gets have found, in their order; null for what is absent. */
  readonly records: readonly (Record | null)[]
}

/** Keys and values of all lists together. A transaction travels in one message, which is not longer than 4 MiB: the rest is for what it says of them. */
export const TRANSACTION_MAX_BYTES: number = 4 * 1024 * 1024 - 64 * 1024

const VERSION_COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '>'])
const VALUE_COMPARISONS: ReadonlySet<string> = new Set(['==', '!='])

/** @throws TypeError or RangeError */
export function transactionOf(transaction: Transaction): TransactOperation {
  const {
    if: compares = [],
    then = [],
    else: otherwise = [],
  } = optionsOf(transaction, 'a transaction')
  const asked: TransactOperation = {
    kind: 'transact',
    compares: listOf(compares, 'the compares').map(compareOf),
    then: stepsOf(then, '"then"'),
    otherwise: stepsOf(otherwise, '"else"'),
    ...fenceOf(transaction),
  }
  checkBytes([...asked.compares, ...asked.then, ...asked.otherwise])
  return asked
}

function checkBytes(parts: readonly (CompareMessage | TransactStep)[]): void {
  let bytes = 0
  for (const part of parts) bytes += part.key.length + ('value' in part ? part.value.length : 0)
  if (bytes <= TRANSACTION_MAX_BYTES) return
  throw outOfRange(
    `the keys and values of a transaction must have at most ${TRANSACTION_MAX_BYTES} bytes together, got ${bytes}`,
  )
}

function listOf<T>(list: readonly T[], what: string): readonly T[] {
  if (Array.isArray(list)) return list
  throw wrongType(`${what} of a transaction must be an array, got ${typeof list}`)
}

function compareOf(compare: Compare): CompareMessage {
  optionsOf(compare, 'a compare')
  const key = keyOf(compare.key)
  if ('exists' in compare) {
    if (typeof compare.exists !== 'boolean') {
      throw wrongType(`"exists" of a compare must be a boolean, got ${typeof compare.exists}`)
    }
    return { target: 'version', key, is: compare.exists ? '!=' : '==', version: 0n }
  }
  if ('version' in compare) {
    const { is = '==', version } = compare
    check(is, VERSION_COMPARISONS)
    return { target: 'version', key, is, version: versionOf(version, 'the version of a compare') }
  }
  const { is = '==', value } = compare
  check(is, VALUE_COMPARISONS)
  return { target: 'value', key, is, value: valueOf(value, 'the value of a compare') }
}

function check(is: string, allowed: ReadonlySet<string>): void {
  if (allowed.has(is)) return
  throw wrongType(`"is" of a compare must be one of ${[...allowed].join(' ')}, got ${is}`)
}

function stepsOf(operations: readonly Op[], what: string): TransactStep[] {
  const steps = listOf(operations, what).map(stepOf)
  const reads = steps.filter(({ kind }) => kind === 'get').length
  if (reads > 0 && reads < steps.length) {
    throw wrongType(`${what} of a transaction must either read or write, got both`)
  }
  const keys = new Set(steps.map(({ key }) => Buffer.from(key).toString('latin1')))
  if (keys.size < steps.length) {
    throw wrongType(`${what} of a transaction must name each key once`)
  }
  return steps
}

function stepOf(operation: Op): TransactStep {
  optionsOf(operation, 'an operation')
  const key = keyOf(operation.key)
  switch (operation.kind) {
    case 'put': {
      const { kind, value, lease } = operation
      const kept = lease === undefined ? null : leaseIdOf(lease)
      return { kind, key, value: valueOf(value), lease: kept }
    }
    case 'delete':
    case 'get':
      return { kind: operation.kind, key }
    default:
      operation satisfies never
      throw wrongType('an operation of a transaction must be put, delete or get')
  }
}
