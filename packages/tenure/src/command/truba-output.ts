/** How themes and tasks of the session log are shown. */
import type { ShownTask, TaskInfo, ThemeInfo } from '@tenure/client'
import type { JsonValue } from './output.ts'
import { dataFields, shown } from './output.ts'

const MS_PER_SECOND = 1_000

export function themeFields({ maxRepeats, ...fields }: ThemeInfo): {
  readonly [field: string]: JsonValue
} {
  return { ...fields, maxRepeats: maxRepeats === Infinity ? null : maxRepeats }
}

export function themeText(info: ThemeInfo): string {
  const { theme, name, handler, delaySeconds, jitterSeconds, concurrency, maxRepeats } = info
  const jitter = jitterSeconds === 0 ? '' : ` and up to ${jitterSeconds}s`
  const repeats = maxRepeats === Infinity ? 'without end' : `at most ${maxRepeats} times`
  return [
    `theme ${theme} ${JSON.stringify(name)}: ${info.active} active (${info.handedOut} with handlers), ${info.stored} stored, ${info.dead} dead`,
    `  comes back after ${delaySeconds}s${jitter}, ${repeats}, ${concurrency} at a time, up to ${info.maxBytes} bytes a task`,
    `  ${handlerText(handler, info.handlerSeconds)}; ${info.handlers} at work`,
  ].join('\n')
}

function handlerText(handler: string, handlerSeconds: number): string {
  if (handler === '') return 'handlers come to it'
  const span = handlerSeconds === 0 ? 'as long as they take' : `${handlerSeconds}s for each`
  return `handed to ${handler}, ${span}`
}

export function taskFields({ id, ...fields }: TaskInfo): { readonly [field: string]: JsonValue } {
  return { id: id.toString(), ...fields }
}

export function taskText(info: TaskInfo): string {
  const { id, theme, state, recordsCount, bytes, repeats, failure } = info
  const times = repeats === 0 ? '' : `, handed out ${counted(repeats, 'time')}`
  const last = failure === null ? '' : `: ${failure}`
  const amount = `${counted(recordsCount, 'record')}, ${counted(bytes, 'byte')}`
  return `${id.toString()} theme ${theme} ${state}${whenText(info)}, ${amount}${times}${last}`
}

function whenText({ dueSecond, operator, status }: TaskInfo): string {
  if (dueSecond !== null) return `, due ${instantText(dueSecond)}`
  if (operator !== null) return `, with session ${operator}`
  return status === undefined ? '' : ` (status ${status})`
}

/** A delay may go past what a calendar has. */
function instantText(second: number): string {
  const instant = new Date(second * MS_PER_SECOND)
  return Number.isNaN(instant.getTime()) ? `second ${second}` : instant.toISOString()
}

export function shownFields({ records, ...info }: ShownTask): JsonValue {
  return { ...taskFields(info), records: records.map(dataFields) }
}

export function shownText({ records, ...info }: ShownTask): string {
  return [
    taskText(info),
    `  attempt ${info.attempt}, last changed by commit ${info.changed}`,
    ...records.map((record, at) => `  ${at + 1}: ${shown(record)}`),
  ].join('\n')
}

export function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`
}
