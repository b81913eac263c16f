/** A node with attached sessions, and short ways to ask for records: texts for keys and values, one answer for one question. */
import type {
  Compare,
  Event,
  Limits,
  Operation,
  RangeRecords,
  RecordChange,
  RecordCommand,
  RecordView,
  Step,
} from '@tenure/kernel'
import { recordKey, decodeRecordValue } from '@tenure/kernel'
import { TestNode } from '../node.ts'

type Unasked<T> = T extends unknown ? Omit<T, 'stream' | 'session' | 'requestId'> : never

export type Question = Unasked<RecordCommand>

/** What was said, with texts for bytes and without what is the same every time. */
export type Said = readonly unknown[]

export class Desk {
  readonly node: TestNode
  #requests = 0n

  constructor(limits: Partial<Limits> = {}, sessions = 2) {
    this.node = new TestNode(limits)
    for (let session = 0; session < sessions; session++) this.node.attach()
  }

  /** Asks in the name of session 1 unless another is said, and gives what was said of it, in words. */
  ask(question: Question, session = 1n): Said {
    return this.tell(question, session).map((event) => this.inWords(event))
  }

  /** As `ask`, unread. */
  tell(question: Question, session = 1n): readonly Event[] {
    return this.node.keep(this.step(question, session)).events
  }

  /** As `tell`, not kept. Values that are not in memory are read from the store, as a tablet does. */
  step(question: Question, session: bigint): Step {
    const { kernel, nowMs } = this.node
    this.#requests += 1n
    const asked = { stream: Number(session), session, requestId: this.#requests }
    const step = kernel.apply({ ...question, ...asked }, nowMs)
    for (const view of step.cold) view.value = this.stored(view.key)
    return step
  }

  /** The number of the latest question. */
  get asked(): bigint {
    return this.#requests
  }

  wait(ms: number): Said {
    return this.node.advance(ms).events.map((event) => this.inWords(event))
  }

  stored(key: Uint8Array): Uint8Array {
    const at = recordKey(key)
    const row = this.node.store.entries().find(([one]) => Buffer.compare(one, at) === 0)
    if (row === undefined) throw new Error(`nothing is stored of ${text(key)}`)
    return decodeRecordValue(row[1])
  }

  /** All keys there are, as the answer to one question. */
  keys(): string[] {
    return this.tell(range('')).flatMap((event) =>
      event.kind === 'records-listed' ? event.records.map(({ key }) => text(key)) : [],
    )
  }

  inWords(event: Event): unknown {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each stands under its own kind
    const say = WORDS[event.kind] as ((one: Event) => unknown) | undefined
    return say === undefined ? [event.kind] : say(event)
  }
}

/** How each is said. */
const WORDS: {
  readonly [Kind in Event['kind']]?: (event: Extract<Event, { kind: Kind }>) => unknown
} = {
  refused: ({ code, record }) => [code, ...(record ? [recordInWords(record)] : [])],
  'record-written': ({ version }) => ['written', version],
  'record-deleted': ({ version }) => ['deleted', version],
  'record-read': ({ record }) => ['read', record && recordInWords(record)],
  'records-listed': ({ records, version, more }) => [
    'listed',
    records.map(recordInWords),
    version,
    ...(more ? ['more'] : []),
  ],
  transacted: ({ succeeded, version, records }) => [
    'transacted',
    succeeded,
    version,
    ...records.map((one) => one && recordInWords(one)),
  ],
  'records-changed': ({ changes, version }) => ['changed', changes.map(changeInWords), version],
  'lease-granted': ({ lease, ttlMs }) => ['granted', lease, ttlMs],
  'lease-described': ({ lease, ttlMs, remainingMs, isKept, records }) => [
    'lease',
    lease,
    { ttlMs, remainingMs, isKept, records },
  ],
  'lease-ended': ({ session, lease }) => ['lease ended', session, lease],
}

export function bytes(word: string): Uint8Array {
  return Buffer.from(word, 'latin1')
}

function text(word: Uint8Array): string {
  const letters = Buffer.from(word).toString('latin1')
  return letters.length > 100 ? `${letters.slice(0, 1)}*${letters.length}` : letters
}

/** `key=value v2 c1 l0`: version, created version and lease. */
function recordInWords({ key, value, version, createdVersion, lease }: RecordView): string {
  return `${text(key)}=${text(value)} v${version} c${createdVersion} l${lease}`
}

function changeInWords(change: RecordChange): string {
  return change.kind === 'put'
    ? recordInWords(change.record)
    : `-${text(change.key)} v${change.version}`
}

export function create(key: string, value: string, terms: object = {}): Question {
  return { kind: 'create-record', key: bytes(key), value: bytes(value), lease: 0n, ...terms }
}

export function put(key: string, value: string, terms: object = {}): Question {
  return { kind: 'put-record', key: bytes(key), value: bytes(value), lease: null, ...terms }
}

export function cas(key: string, value: string, version: bigint, terms: object = {}): Question {
  return { kind: 'cas-record', key: bytes(key), value: bytes(value), version, ...terms }
}

export function remove(key: string, ifVersion: bigint | null = null, terms: object = {}): Question {
  return { kind: 'delete-record', key: bytes(key), ifVersion, ...terms }
}

export function get(key: string): Question {
  return { kind: 'get-record', key: bytes(key) }
}

export function waitFor(key: string, version: bigint): Question {
  return { kind: 'wait-record', key: bytes(key), version }
}

interface RangeTerms {
  readonly limit?: number
  readonly after?: string
  readonly hold?: boolean
  readonly atVersion?: bigint
}

export function range(
  start: string,
  end: string | null = null,
  terms: RangeTerms = {},
): Unasked<RangeRecords> {
  const { limit = 0, after = null, hold = false, atVersion = 0n } = terms
  return {
    kind: 'range-records',
    start: bytes(start),
    end: end === null ? null : bytes(end),
    limit,
    after: after === null ? null : bytes(after),
    hold,
    atVersion,
  }
}

export function grant(ttlMs: bigint, keepAlive = false, terms: object = {}): Question {
  return { kind: 'grant-lease', ttlMs, keepAlive, ...terms }
}

export function release(lease: bigint, terms: object = {}): Question {
  return { kind: 'release-lease', lease, ...terms }
}

export function keep(lease: bigint): Question {
  return { kind: 'keep-lease', lease }
}

export function describe(lease: bigint): Question {
  return { kind: 'describe-lease', lease }
}

/** The lists of a transaction: what it does if all compares hold, and what it does if not. */
interface Lists {
  readonly held?: readonly Operation[]
  readonly failed?: readonly Operation[]
}

export function transact(
  compares: readonly Compare[],
  { held = [], failed = [] }: Lists = {},
  terms: object = {},
): Question {
  return { kind: 'transact', compares, then: held, otherwise: failed, ...terms }
}

export function putting(key: string, value: string, lease: bigint | null = null): Operation {
  return { kind: 'put', key: bytes(key), value: bytes(value), lease }
}

export function deleting(key: string): Operation {
  return { kind: 'delete', key: bytes(key) }
}

export function getting(key: string): Operation {
  return { kind: 'get', key: bytes(key) }
}

export function comparing(key: string, is: '==' | '!=' | '<' | '>', version: bigint): Compare {
  return { target: 'version', key: bytes(key), is, version }
}
