/**
 * What servers say of records: heard at their faces, and held against what is stored.
 */
import type { Notice, RecordMessage, RecordOperation, Reply } from '@tenure/protocol'
import type { Process } from '../machine/process.ts'
import type { ChannelStream, RecordAsk, RecordObserver, Silence } from '../network/face-observer.ts'
import type { Mark } from '../report/marks.ts'
import type { Archive } from './archive.ts'
import type { Ground, Verdicts } from './ground.ts'
import { CLOCK_SHARE } from './limits.ts'
import type { RecordLeases } from './record-leases.ts'

type WaitOperation = Extract<RecordOperation, { kind: 'wait-record' | 'watch-records' }>

/** A wait or a watch that was not answered yet. */
interface Waiting {
  readonly process: Process
  readonly stream: ChannelStream
  readonly operation: WaitOperation
  readonly atMs: number
}

/** A connection is silent when it has said nothing for so many of its periods. */
const SILENT_PERIODS = 2
/** A batch is delivered to all its streams in one turn. */
const DELIVERY_MS = 1

const MARK_OF_CODE: ReadonlyMap<string, Mark> = new Map<string, Mark>([
  ['ALREADY_EXISTS', 'a record that is to be created is there'],
  ['WRONG_VERSION', 'a record has another version'],
  ['WRONG_LEASE', 'a record lease is over'],
  ['FENCED', 'a fenced write is refused'],
  ['ABORTED', 'a held moment is gone'],
])

export class Answers {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #archive: Archive
  readonly #leases: RecordLeases
  readonly #waiting = new Map<RecordAsk, Waiting>()
  /** Numbered changes by session, and when each was first asked for. */
  readonly #firstAskedMs = new Map<string, number>()

  constructor(
    ground: Ground,
    verdicts: Verdicts,
    { archive, leases }: { readonly archive: Archive; readonly leases: RecordLeases },
  ) {
    this.#ground = ground
    this.#verdicts = verdicts
    this.#archive = archive
    this.#leases = leases
  }

  watch(process: Process): RecordObserver {
    process.onCrash(() => this.#forget((one) => one.process === process))
    return {
      asked: (stream, ask) => this.#asked(process, stream, ask),
      said: (stream, ask, reply) => this.#said(process, { stream, ask, reply }),
      forgot: (ask) => void this.#waiting.delete(ask),
      left: (stream) => this.#forget((one) => one.stream === stream),
      noticed: (_, notice) => this.#noticed(notice),
    }
  }

  /** S1: a client that keeps its word is not taken for dead. */
  gaveUp({ silentMs, periodMs }: Silence): void {
    this.#ground.marks.reached('a silent connection is given up')
    if (periodMs === Infinity || silentMs >= SILENT_PERIODS * periodMs * CLOCK_SHARE) return
    const problem = `a connection was given up ${silentMs} ms after its last word, with a period of ${periodMs} ms`
    this.#verdicts.violate('S1', problem)
  }

  #forget(isGone: (one: Waiting) => boolean): void {
    for (const [ask, one] of this.#waiting) if (isGone(one)) this.#waiting.delete(ask)
  }

  #asked(process: Process, stream: ChannelStream, ask: RecordAsk): void {
    const { operation, atMs } = ask
    this.#ground.trace.note(process.name, `< ${wordsOf(operation)} in session ${stream.sessionId}`)
    if (operation.kind === 'wait-record' || operation.kind === 'watch-records') {
      this.#waiting.set(ask, { process, stream, operation, atMs })
    } else if (operation.kind === 'release-lease') this.#leases.releasing(operation.lease)
    else if (operation.kind === 'keep-lease')
      this.#ground.marks.reached('a lease passes to a new session')
    const change = 'change' in operation ? operation.change : undefined
    if (change === undefined) return
    const key = `${stream.sessionId} ${change.serial}`
    if (this.#firstAskedMs.has(key)) this.#ground.marks.reached('a write of records is asked again')
    else this.#firstAskedMs.set(key, atMs)
  }

  #said(
    process: Process,
    {
      stream,
      ask,
      reply,
    }: { readonly stream: ChannelStream; readonly ask: RecordAsk; readonly reply: Reply },
  ): void {
    const { operation } = ask
    this.#ground.trace.note(process.name, `> ${reply.kind} to ${wordsOf(operation)}`)
    this.#waiting.delete(ask)
    if (reply.kind === 'refused') this.#refused(ask, reply)
    else if (reply.kind === 'record-read') this.#read(ask, reply.record)
    else if (reply.kind === 'records-listed') this.#listed(ask, reply)
    else if (reply.kind === 'records-changed') this.#changed(ask, reply)
    else if (reply.kind === 'record-written' || reply.kind === 'record-deleted') {
      this.#done(process, ask, reply.version)
    } else if (reply.kind === 'transacted' && 'then' in operation) {
      this.#done(process, ask, reply.version)
    } else if (reply.kind === 'lease-granted' && operation.kind === 'grant-lease') {
      const serial = operation.change?.serial ?? 0n
      const askedMs = this.#firstAskedMs.get(`${stream.sessionId} ${serial}`) ?? ask.atMs
      this.#leases.granted(reply.lease, askedMs)
    }
  }

  #noticed(notice: Notice): void {
    if (notice.kind === 'lease-ended')
      this.#ground.marks.reached('a keeper is told that its lease ends')
  }

  #refused({ operation, atMs }: RecordAsk, reply: Extract<Reply, { kind: 'refused' }>): void {
    const mark = MARK_OF_CODE.get(reply.code)
    if (mark !== undefined) this.#ground.marks.reached(mark)
    const isCold = reply.code === 'PRECONDITION_FAILED' && operation.kind === 'transact'
    if (isCold) this.#ground.marks.reached('a value is not there to be compared')
    if (reply.record !== undefined) this.#shown(reply.record, atMs)
  }

  /** The answer to a get, or to a wait: null only to a wait whose record was deleted. */
  #read({ operation, atMs }: RecordAsk, record: RecordMessage | null): void {
    if (record !== null) this.#shown(record, atMs)
    if (operation.kind !== 'wait-record') return
    this.#ground.marks.reached(
      record === null ? 'a wait ends with a deletion' : 'a wait for a record ends',
    )
    if (record?.version !== operation.version) return
    const problem = `a wait for another version than ${operation.version} ended with just that one`
    this.#verdicts.violate('K4', problem)
  }

  #listed({ operation, atMs }: RecordAsk, page: Extract<Reply, { kind: 'records-listed' }>): void {
    if (operation.kind !== 'range-records') return
    const isNow = operation.atVersion === 0n
    if (!isNow) this.#ground.marks.reached('a page of a held moment')
    let before = operation.after === null ? '' : textOf(operation.after)
    for (const record of page.records) {
      const key = textOf(record.key)
      if (key <= before) this.#verdicts.violate('K2', `"${key}" was listed behind "${before}"`)
      before = key
      if (isNow) this.#shown(record, atMs)
      else if (record.version > page.version) {
        const problem = `"${key}" of ${record.version} was listed in the moment of ${page.version}`
        this.#verdicts.violate('K2', problem)
      } else this.#shown(record, 0)
    }
  }

  /** W1: nothing that a watch was to tell is missing up to where it goes on. */
  #changed({ operation }: RecordAsk, reply: Extract<Reply, { kind: 'records-changed' }>): void {
    if (operation.kind !== 'watch-records') return
    if (reply.reset) return this.#ground.marks.reached('a watch of records begins anew')
    const told = new Set<string>()
    let before = operation.fromVersion
    for (const change of reply.changes) {
      const version = change.kind === 'put' ? change.record.version : change.version
      if (version <= operation.fromVersion || version < before || version > reply.version) {
        const text = `a watch from ${operation.fromVersion} to ${reply.version} told of ${version}, after ${before}`
        this.#verdicts.violate('K4', text)
      }
      before = version
      if (change.kind !== 'put') continue
      this.#shown(change.record, 0)
      told.add(`${textOf(change.record.key)} ${version}`)
    }
    this.#ground.marks.reached('a watch of records tells of changes')
    this.#judgeGap(operation, { told, version: reply.version })
  }

  #judgeGap(
    operation: Extract<WaitOperation, { kind: 'watch-records' }>,
    { told, version }: { readonly told: ReadonlySet<string>; readonly version: bigint },
  ): void {
    for (const key of this.#archive.keysIn((one) => isIn(operation, one))) {
      for (const { record } of this.#archive.historyOf(key)) {
        if (record === null || record.version <= operation.fromVersion) continue
        if (record.version > version || told.has(`${key} ${record.version}`)) continue
        const problem = `a watch from ${operation.fromVersion} to ${version} was not told that "${key}" became ${record.version}`
        this.#verdicts.violate('W1', problem)
      }
    }
  }

  /** L1, L3: what is shown was stored, and still was when it was asked for. */
  #shown({ key, value, version }: RecordMessage, askedMs: number): void {
    const name = textOf(key)
    const text = textOf(value)
    const history = this.#archive.historyOf(name)
    const isKnown = history.some(({ record }, at) => {
      if (record?.version !== version || record.value !== text) return false
      return (history[at + 1]?.fromMs ?? Infinity) >= askedMs
    })
    if (isKnown) return
    const problem = `"${name}" was shown with version ${version} and "${text.trimEnd()}", which was not stored then`
    this.#verdicts.violate('L3', problem)
  }

  /** A write was acknowledged: it is durable, and whoever waits for it at this server is told in the same turn. */
  #done(process: Process, { operation, atMs }: RecordAsk, version: bigint): void {
    if (version > this.#archive.lastCommit) {
      this.#verdicts.violate(
        'D1',
        `${wordsOf(operation)} was answered as ${version}, and is not stored`,
      )
    }
    const sleepers = [...this.#waiting].filter(
      ([, one]) =>
        one.process === process && one.atMs < atMs && concerns(one.operation, operation, version),
    )
    if (sleepers.length === 0) return
    this.#ground.schedule.after(DELIVERY_MS, () => {
      for (const [ask, one] of sleepers) {
        if (this.#waiting.get(ask) !== one || process.paused || !process.alive) continue
        const problem = `${wordsOf(one.operation)} was told nothing of ${wordsOf(operation)}, done as ${version}`
        this.#verdicts.violate('K4', problem)
      }
    })
  }
}

/** Whether the one has to hear of the other, which was done under this version. */
function concerns(waiting: WaitOperation, done: RecordOperation, version: bigint): boolean {
  if ('key' in done && done.kind !== 'get-record' && done.kind !== 'wait-record') {
    const key = textOf(done.key)
    if (waiting.kind === 'wait-record') {
      return textOf(waiting.key) === key && version > waiting.version
    }
    return isIn(waiting, key) && version > waiting.fromVersion
  }
  return false
}

function isIn(
  { start, end }: { readonly start: Uint8Array; readonly end: Uint8Array | null },
  key: string,
): boolean {
  return key >= textOf(start) && (end === null || key < textOf(end))
}

function wordsOf(operation: RecordOperation): string {
  const parts: string[] = [operation.kind]
  if ('key' in operation) parts.push(textOf(operation.key))
  if ('version' in operation) parts.push(`version ${operation.version}`)
  if ('fromVersion' in operation) parts.push(`from ${operation.fromVersion}`)
  if ('lease' in operation && operation.lease !== null) parts.push(`lease ${operation.lease}`)
  if ('change' in operation) parts.push(`change ${operation.change?.serial}`)
  return parts.join(' ')
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}
