/**
 * A node with a session log over a plain engine, driven as a tablet drives it: steps gather in batches, a batch is committed, then what
 * it wants is read, and what is found makes steps of later batches. Nothing is heard before its batch is settled.
 */
import { KEY_RANGE_LOADED, Kernel } from '@tenure/kernel'
import type {
  Command,
  Event,
  Limits,
  LogCommand,
  LogQuestion,
  Reading,
  Step,
  TaskId,
  ThemeConfig,
  Write,
} from '@tenure/kernel'
import { CONFIG, NOTHING } from '../node.ts'
import { inWords } from './log-words.ts'
import { SortedStore } from './sorted-store.ts'

type Unasked<T> = T extends unknown ? Omit<T, 'stream' | 'session' | 'requestId'> : never

export type Question = Unasked<LogCommand | LogQuestion>

export interface Batch {
  readonly writes: Write[]
  readonly readings: Reading[]
  readonly events: Event[]
}

/** More steps than this without time passing: a node that never comes to rest. */
const STEPS_MAX = 10_000

export const SECOND_MS = 1_000

export class LogNode {
  kernel: Kernel
  store: SortedStore = new SortedStore()
  nowMs = 0
  /** Half a second behind the thousandth second. */
  wallMs = 1_000_500
  /** As the kernel has heard of it. */
  toldWallMs = 0
  chance = 0
  term = 1n
  /** Called with every step, as soon as it is made. */
  seen: ((step: Step) => void) | null = null
  /** Of the sessions that attach from now on. */
  timeoutMs = 10_000n
  readonly limits: Partial<Limits>
  #batches: Batch[] = []
  #requests = 0n
  #lastStream = 0
  readonly #streams = new Map<bigint, number>()

  constructor(limits: Partial<Limits> = {}, sessions = 2) {
    this.limits = limits
    this.kernel = new Kernel(limits)
    this.kernel.start(0, this.term)
    this.apply({ kind: 'create-node', stream: 1, requestId: 0n, config: CONFIG })
    for (let session = 0; session < sessions; session++) this.attach()
    this.settle()
  }

  /** Asks, and gives in words all that is heard until everything has come to rest. */
  ask(question: Question, session = 1n): string[] {
    this.put(question, session)
    return this.settle()
  }

  /** Asks and leaves it uncommitted. */
  put(question: Question, session = 1n): Step {
    return this.apply(this.addressed(question, session))
  }

  /** The number of the latest question. */
  get asked(): bigint {
    return this.#requests
  }

  addressed(question: Question, session: bigint): Command {
    this.#requests += 1n
    const asked = { stream: this.#streamOf(session), session, requestId: this.#requests }
    return { ...question, ...asked }
  }

  /** Starts a session on a stream of its own, or brings one to a stream: to the one it had. */
  attach(session = 0n, stream = this.#streamOf(session)): Step {
    const about = { timeoutMs: this.timeoutMs, description: '', sequenceNumber: 0n }
    const asked = { stream: stream || ++this.#lastStream, requestId: 0n, session }
    const step = this.apply({ kind: 'attach', ...asked, protectionKey: NOTHING, ...about })
    for (const event of step.events) {
      if (event.kind === 'attached') this.#streams.set(event.session, event.stream)
    }
    return step
  }

  detach(session: bigint): Step {
    return this.apply({ kind: 'detach', stream: this.#streamOf(session), session })
  }

  stop(session: bigint): Step {
    return this.apply({ kind: 'stop', stream: this.#streamOf(session), session, requestId: 0n })
  }

  #streamOf(session: bigint): number {
    return this.#streams.get(session) ?? 0
  }

  apply(command: Command): Step {
    return this.#made(() => this.kernel.apply(command, this.nowMs))
  }

  advance(): Step {
    return this.#made(() => this.kernel.advance(this.nowMs))
  }

  /** How many batches are not committed. */
  get open(): number {
    return this.#batches.length
  }

  /** The one that is committed last; null when all are. */
  get latest(): Batch | null {
    return this.#batches.at(-1) ?? null
  }

  /** Commits the first batch and reads what it wants. @returns what was heard, in words */
  commit(): string[] {
    return this.commitBatch()?.events.map(inWords) ?? []
  }

  /** As `commit`, unread. */
  commitBatch(): Batch | null {
    const batch = this.#batches.shift()
    if (batch === undefined) return null
    this.store.apply([...this.kernel.seal(), ...batch.writes])
    // All is read before any of it is supplied.
    const found = batch.readings.map((reading) => [reading, this.store.read(reading)] as const)
    for (const [reading, entries] of found) {
      this.#made(() => this.kernel.supply(reading, entries, this.nowMs))
    }
    return batch
  }

  /** Commits all and does what is due, until nothing is left to do. */
  settle(): string[] {
    const heard: string[] = []
    for (let steps = 0; steps < STEPS_MAX; steps++) {
      if (this.#batches.length > 0) heard.push(...this.commit())
      else if (this.kernel.nextDeadlineMs() <= this.nowMs) this.advance()
      else return heard
    }
    throw new Error('the node does not come to rest')
  }

  /** Lets seconds pass; everything that is due meanwhile is done when it is due. */
  wait(seconds: number): string[] {
    const heard = this.settle()
    const untilMs = this.nowMs + seconds * SECOND_MS
    for (;;) {
      const nextMs = this.kernel.nextDeadlineMs()
      this.pass(Math.min(nextMs, untilMs) - this.nowMs)
      if (nextMs > untilMs) return heard
      this.advance()
      heard.push(...this.settle())
    }
  }

  /** Time passes, and nobody looks. */
  pass(ms: number): void {
    this.nowMs += ms
    this.wallMs += ms
  }

  /** What is not committed is lost, and another owner loads the rest. */
  restart(): void {
    this.#batches = []
    this.kernel = new Kernel(this.limits)
    this.term += 1n
    const { start, end } = KEY_RANGE_LOADED
    for (const entry of this.store.scan(start, end)) this.kernel.load(entry)
    this.kernel.start(this.nowMs, this.term)
  }

  #made(make: () => Step): Step {
    this.chance = (this.chance + 1) | 0
    this.toldWallMs = this.wallMs
    this.kernel.outside(this.wallMs, this.chance)
    const step = make()
    const { events, writes, readings } = step
    if (events.length > 0 || writes.length > 0 || readings.length > 0) this.#join(step)
    this.seen?.(step)
    return step
  }

  /** A step joins the open batch, unless that has to read what the step writes. */
  #join({ events, writes, readings }: Step): void {
    let batch = this.#batches.at(-1)
    if (batch === undefined || writes.some((write) => isRead(batch?.readings ?? [], write))) {
      batch = { writes: [], readings: [], events: [] }
      this.#batches.push(batch)
    }
    batch.writes.push(...writes)
    batch.readings.push(...readings)
    batch.events.push(...events)
  }
}

function isRead(readings: readonly Reading[], write: Write): boolean {
  const [start, end] = write.kind === 'delete-range' ? [write.start, write.end] : [write.key, null]
  return readings.some(({ range }) => {
    if (Buffer.compare(start, range.end) >= 0) return false
    return end === null
      ? Buffer.compare(start, range.start) >= 0
      : Buffer.compare(end, range.start) > 0
  })
}

export function theme(number: number, terms: Partial<ThemeConfig> = {}): Question {
  const config = {
    theme: number,
    name: `theme ${number}`,
    handler: '',
    handlerSeconds: 0,
    delaySeconds: 10,
    jitterSeconds: 0,
    concurrency: 100,
    repeatsMax: 100,
    taskBytesMax: 1_000,
    ...terms,
  }
  return { kind: 'configure-theme', config }
}

export function open(number: number, record: string | null = null): Question {
  return { kind: 'open-task', theme: number, record: record === null ? null : bytes(record) }
}

/** What names an operation: `1.3` for a task's first attempt by its opener, `1.3#2` for a later one. */
function named(name: string): { task: TaskId; attempt: number } {
  const [id = '', attempt = '0'] = name.split('#')
  return { task: task(id), attempt: Number(attempt) }
}

function task(id: string): TaskId {
  const [term = '', index = ''] = id.split('.')
  return { term: BigInt(term), index: BigInt(index) }
}

export function append(name: string, record: string): Question {
  return { kind: 'append-task', ...named(name), record: bytes(record) }
}

export function replace(name: string, record: string): Question {
  return { kind: 'replace-task', ...named(name), record: bytes(record) }
}

export function remove(name: string): Question {
  return { kind: 'delete-task', ...named(name) }
}

export function store(name: string, delaySeconds = 0, failure = ''): Question {
  return { kind: 'store-task', ...named(name), delaySeconds, failure }
}

export function read(name: string, from: number): Question {
  return { kind: 'read-task', ...named(name), from }
}

export function handle(number: number, concurrency = 100): Question {
  return { kind: 'handle-theme', theme: number, concurrency }
}

export function stopHandling(target: bigint): Question {
  return { kind: 'stop-handling', target }
}

export function take(id: string): Question {
  return { kind: 'take-task', task: task(id) }
}

export function show(id: string, from = 0): Question {
  return { kind: 'show-task', task: task(id), from }
}

export function requeue(id: string, delaySeconds = 0): Question {
  return { kind: 'requeue-task', task: task(id), delaySeconds }
}

export function drop(id: string): Question {
  return { kind: 'drop-task', task: task(id) }
}

export function list(
  state: 'active' | 'stored' | 'dead',
  terms: { theme?: number; after?: Uint8Array; limit?: number } = {},
): Question {
  return { kind: 'list-tasks', state, theme: null, after: NOTHING, limit: 0, ...terms }
}

export const THEMES: Question = { kind: 'list-themes' }

function bytes(word: string): Uint8Array {
  return Buffer.from(word, 'latin1')
}
