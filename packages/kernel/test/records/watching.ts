/** Watches of records, and what they are answered, in words: `[stream, what, …]`. */
import type { Event, Operation, RecordChange } from '@tenure/kernel'
import { bytes } from './desk.ts'
import type { Desk, Question, Said } from './desk.ts'

export function watch(start: string, end: string | null, fromVersion: bigint): Question {
  return {
    kind: 'watch-records',
    start: bytes(start),
    end: end === null ? null : bytes(end),
    fromVersion,
  }
}

export function forget(target: bigint): Question {
  return { kind: 'forget', target }
}

/** Puts keys, or deletes them (`-a`), in one commit. */
export function commit(keys: readonly string[], value = 'x'): Question {
  const then = keys.map((key): Operation =>
    key.startsWith('-')
      ? { kind: 'delete', key: bytes(key.slice(1)) }
      : { kind: 'put', key: bytes(key), value: bytes(value), lease: null },
  )
  return { kind: 'transact', compares: [], then, otherwise: [] }
}

/** Asks, and gives everything that was said to anybody but the writer's own answer. */
export function heard(desk: Desk, question: Question, session = 1n): Said[] {
  return heardOf(desk.tell(question, session))
}

export function heardOf(events: readonly Event[]): Said[] {
  const heard: Said[] = []
  for (const event of events) {
    if (event.kind === 'record-read') {
      heard.push([event.stream, 'read', event.record && Number(event.record.version)])
    } else if (event.kind === 'records-changed') {
      const word = event.reset ? 'reset' : 'changed'
      heard.push([event.stream, word, event.changes.map(inWords), Number(event.version)])
    } else if (event.kind === 'refused') heard.push([event.stream, event.code])
  }
  return heard
}

/** `a=5`: the key and the version of what was put; `-a=5`: it was deleted. */
function inWords(change: RecordChange): string {
  return change.kind === 'put'
    ? `${keyText(change.record.key)}=${change.record.version}`
    : `-${keyText(change.key)}=${change.version}`
}

export function keyText(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1')
}
