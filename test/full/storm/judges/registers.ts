/**
 * The data of a semaphore as a register: each read and write happened at one moment between its request and its answer; one
 * without an answer happened once, later, or never.
 */
import {
  check,
  closeAtFirstRead,
  closeAtNextAnswer,
  explain,
  type Operation,
  type RegisterInput,
  registerModel,
  type RegisterOutput,
  registerWriting,
} from '@tenure/checker'
import type { DescribeRecord, History, Violation, WriteRecord } from '../history.ts'
import { ALREADY_EXISTS, NOT_FOUND, SUCCESS } from '../status.ts'

/** Of every register. */
const LIMIT = 1n

/** @param registers names of the semaphores that nobody acquires */
export function judgeRegisters(history: History, registers: readonly string[]): Violation[] {
  return registers.flatMap((register) => {
    const operations = operationsOn(history, register)
    const verdict = check(registerModel, operations)
    if (verdict.kind === 'linearizable') return []
    const at = operations.at(-1)?.calledAt ?? 0
    const what = `${register} cannot have been one register: ${explain(verdict)}`
    return [{ id: 'L1', at, what, about: [register] }]
  })
}

type Asked = WriteRecord | DescribeRecord

function operationsOn(
  history: History,
  register: string,
): Operation<RegisterInput, RegisterOutput>[] {
  const asked: Asked[] = [...history.writes, ...history.describes]
  const operations = asked
    .filter(({ semaphore }) => semaphore === register)
    .flatMap((one) => operationOf(one) ?? [])
  return closeAtFirstRead(closeAtNextAnswer(operations), registerWriting)
}

/** Null for what was refused because the session had gone, and for what was not answered and changes nothing. */
function operationOf(asked: Asked): Operation<RegisterInput, RegisterOutput> | null {
  const { session, sentAt: calledAt, returnedAt } = asked
  const input = inputOf(asked)
  const output = outputOf(asked)
  const isAnswered = returnedAt < Infinity
  if (output === null && (isAnswered || input.kind === 'describe')) return null
  // Only within one session nothing takes effect behind what was asked later.
  return { actor: `${session.actor}, session ${session.id}`, input, output, calledAt, returnedAt }
}

function inputOf(asked: Asked): RegisterInput {
  if (!('kind' in asked)) return { kind: 'describe' }
  const { kind, value: data } = asked
  if (kind === 'create') return { kind, data, limit: LIMIT }
  return kind === 'update' ? { kind, data } : { kind }
}

function outputOf(asked: Asked): RegisterOutput | null {
  if (asked.status === NOT_FOUND) return { kind: 'refused', code: 'NOT_FOUND' }
  if (asked.status === ALREADY_EXISTS) return { kind: 'refused', code: 'ALREADY_EXISTS' }
  if (asked.status !== SUCCESS) return null
  if ('kind' in asked) return { kind: 'done' }
  return { kind: 'described', data: asked.data ?? '', limit: asked.limit }
}
