/** Clients of a session log that do anything, and a book of what they were told. */
import type { TaskId } from '@tenure/kernel'
import { type HeldTask, type LogVisitor, visitLog } from './log-visitor.ts'
import { settle } from './manual-clock.ts'
import type { CommitMood } from './moody-engine.ts'
import { createNode, nodeAt, type Stage, stage } from './stage.ts'

export const VISITORS = 3

/** How often each is done, in parts of all. */
export const PARTS = [
  ['open', 6],
  ['append', 6],
  ['replace', 2],
  ['delete', 2],
  ['store', 6],
  ['read', 2],
  ['stale', 1],
  ['handle', 5],
  ['stop', 1],
  ['take', 2],
  ['show', 2],
  ['requeue', 2],
  ['drop', 1],
  ['list', 1],
  ['configure', 1],
  ['wait', 8],
  ['settle', 6],
  ['leave', 1],
  ['restart', 1],
  ['fail', 1],
] as const

type Doing = (typeof PARTS)[number][0]

export interface Act {
  readonly doing: Doing
  readonly who: number
  readonly which: number
}

type Change = 'append' | 'replace' | 'open'

/** What one visitor asked to be written, until that is answered. */
interface Asked {
  readonly change: Change
  readonly held: HeldTask | null
  readonly text: string
}

interface Guest {
  visitor: LogVisitor
  readonly asked: Map<bigint, Asked>
  handlings: bigint[]
  /** Events that have been looked at. */
  seen: number
}

function nameOf({ term, index }: TaskId): string {
  return `${term}.${index}`
}

/** What was acknowledged, and what was handed out. */
class Book {
  readonly tasks = new Map<string, TaskId>()
  /** By task and attempt, what it has written. */
  readonly written = new Map<string, Array<{ change: Change; text: string }>>()
  /** Tasks of which something was asked and not answered. */
  readonly unsure = new Set<string>()
  readonly handOuts: Array<{ task: TaskId; attempt: number; texts: string[] }> = []

  write(held: HeldTask, { change, text }: Asked): void {
    this.tasks.set(nameOf(held.task), held.task)
    const key = `${nameOf(held.task)} ${held.attempt}`
    this.written.set(key, [...(this.written.get(key) ?? []), { change, text }])
  }

  doubt(unanswered: Iterable<Asked>): void {
    for (const { held } of unanswered) if (held !== null) this.unsure.add(nameOf(held.task))
  }

  /** What the task holds when this attempt begins. */
  before(task: TaskId, attempt: number): string[] {
    let texts: string[] = []
    for (let earlier = 0; earlier < attempt; earlier += 1) {
      for (const { change, text } of this.written.get(`${nameOf(task)} ${earlier}`) ?? []) {
        texts = change === 'append' ? [...texts, text] : [text]
      }
    }
    return texts
  }

  problems(): string[] {
    const seen = new Set<string>()
    return this.handOuts.flatMap(({ task, attempt, texts }) => {
      const name = `${nameOf(task)} ${attempt}`
      const expected = this.before(task, attempt).join()
      const found = texts.join()
      // One whose opening was not answered is not in the book.
      const isSure = this.written.has(`${nameOf(task)} 0`) && !this.unsure.has(nameOf(task))
      const isRight = found === expected || !isSure
      const wrong = isRight ? [] : [`${name} came with ${found}, not ${expected}`]
      const twice = seen.has(name) ? [`${name} came twice`] : []
      seen.add(name)
      return [...wrong, ...twice]
    })
  }
}

export class Play {
  readonly book = new Book()
  readonly #guests: Guest[] = []
  #set: Stage
  #texts = 0

  constructor(set: Stage) {
    this.#set = set
  }

  async begin(): Promise<void> {
    await createNode(this.#set.host)
    for (let at = 0; at < VISITORS; at += 1) this.#guests.push(await this.#arrive())
    this.#guests[0]?.visitor.configure({ delaySeconds: 1, jitterSeconds: 1, repeatsMax: 3 })
    await settle()
  }

  async do({ doing, who, which }: Act): Promise<void> {
    if (doing === 'wait') return this.#set.clock.advance(which * 3)
    if (doing === 'settle') return settle()
    if (doing === 'restart') return this.#restart()
    if (doing === 'fail') return this.#fail(which % 2 === 0 ? 'fails-before' : 'fails-after')
    const guest = this.#guests[who]
    if (guest === undefined) return
    this.#look(guest)
    if (doing === 'leave') return this.#replace(who)
    this.#ask(guest, doing, which)
  }

  /** What is wrong, in words: nothing when no node has failed and what was handed out is what was written. */
  async end(): Promise<string[]> {
    await settle()
    await this.#set.clock.advance(5_000)
    for (const guest of this.#guests) this.#look(guest)
    const ends = this.#guests.map(({ visitor }) => visitor.end).filter((end) => end !== null)
    const problems = [...ends.map((end) => `a node has ${end}`), ...this.book.problems()]
    const before = await this.#kept()
    await this.#restart()
    const { host, clock } = this.#set
    await clock.advance(0)
    const { activeTasks, storedTasks, deadTasks, waitingBytes } = host.statistics()
    if (activeTasks > 0) problems.push(`${activeTasks} tasks are with nobody`)
    if (waitingBytes > 0) problems.push(`${waitingBytes} bytes are left`)
    const after = storedTasks + deadTasks
    if (after !== before.listed || after !== before.counted) {
      problems.push(
        `${before.listed} tasks listed, ${before.counted} counted, ${after} after a restart`,
      )
    }
    return problems
  }

  /** How many tasks there are, by their rows and by the counters. */
  async #kept(): Promise<{ listed: number; counted: number }> {
    const { visitor } = await this.#arrive()
    for (const state of ['active', 'stored', 'dead'] as const) visitor.list(state)
    await settle()
    const listed = visitor.events.flatMap((event) =>
      event.kind === 'tasks-listed' ? event.tasks : [],
    )
    const { activeTasks, storedTasks, deadTasks } = this.#set.host.statistics()
    return { listed: listed.length, counted: activeTasks + storedTasks + deadTasks }
  }

  async #arrive(): Promise<Guest> {
    const visitor = await visitLog(await nodeAt(this.#set.host))
    return { visitor, asked: new Map(), handlings: [], seen: 0 }
  }

  async #replace(who: number): Promise<void> {
    await settle()
    const guest = this.#guests[who]
    if (guest === undefined) return
    this.#look(guest)
    guest.visitor.stream.close()
    this.#guests[who] = await this.#arrive()
  }

  /** A commit fails, with or without having been made. */
  async #fail(mood: CommitMood): Promise<void> {
    this.#set.engine.moods.push(mood)
    this.#guests[0]?.visitor.open()
    await settle()
    for (const [at, guest] of this.#guests.entries()) {
      this.#look(guest)
      this.book.doubt(guest.asked.values())
      this.#guests[at] = await this.#arrive()
    }
  }

  async #restart(): Promise<void> {
    await this.#set.host.close()
    for (const guest of this.#guests) this.#look(guest)
    this.#set = stage({}, this.#set.engine)
    for (let at = 0; at < VISITORS; at += 1) this.#guests[at] = await this.#arrive()
  }

  #look(guest: Guest): void {
    const { events } = guest.visitor
    for (const event of events.slice(guest.seen)) {
      if (event.kind === 'task-handed-out') {
        const texts = event.records.map((one) => Buffer.from(one).toString())
        this.book.handOuts.push({ task: event.task, attempt: event.attempt, texts })
        this.book.tasks.set(nameOf(event.task), event.task)
      }
      if (event.kind !== 'done' && event.kind !== 'task-opened') continue
      const asked = guest.asked.get(event.requestId)
      guest.asked.delete(event.requestId)
      if (asked === undefined) continue
      const held = event.kind === 'task-opened' ? { task: event.task, attempt: 0 } : asked.held
      if (held !== null) this.book.write(held, asked)
    }
    guest.seen = events.length
  }

  /** One of the tasks that the guest has been given, in whatever state by now. */
  #heldOf({ visitor }: Guest, which: number): HeldTask | undefined {
    const held = visitor.events.flatMap((event) => {
      if (event.kind === 'task-opened') return [{ task: event.task, attempt: 0 }]
      return event.kind === 'task-handed-out' ? [event] : []
    })
    return held[which % Math.max(1, held.length)]
  }

  #ask(guest: Guest, doing: Doing, which: number): void {
    const { visitor, asked } = guest
    this.#texts += 1
    const text = `${this.#texts}`
    if (doing === 'open') {
      asked.set(visitor.open(text), { change: 'open', held: null, text })
    } else if (doing === 'configure') {
      visitor.configure({ delaySeconds: which % 3, repeatsMax: 1 + (which % 4), concurrency: 2 })
    } else if (doing === 'handle') guest.handlings.push(visitor.handle(1 + (which % 3)))
    else if (doing === 'list') visitor.list(which % 2 === 0 ? 'stored' : 'active')
    else if (doing === 'stop') {
      const handling = guest.handlings.pop()
      if (handling !== undefined) visitor.stopHandling(handling)
    } else if (['take', 'show', 'requeue', 'drop'].includes(doing)) {
      this.#askAbout(visitor, doing, which)
    } else {
      const held = this.#heldOf(guest, which)
      if (held !== undefined) this.#drive(guest, doing, held, text)
    }
  }

  #drive({ visitor, asked }: Guest, doing: Doing, held: HeldTask, text: string): void {
    if (doing === 'append') asked.set(visitor.append(held, text), { change: doing, held, text })
    else if (doing === 'replace') {
      asked.set(visitor.replace(held, text), { change: doing, held, text })
    } else if (doing === 'delete') visitor.delete(held)
    else if (doing === 'store') visitor.store(held)
    else if (doing === 'read') visitor.read(held)
    else visitor.append({ ...held, attempt: held.attempt + 100 }, text)
  }

  #askAbout(visitor: LogVisitor, doing: Doing, which: number): void {
    const { session } = visitor
    const tasks = [...this.book.tasks.values()]
    const task = tasks[which % Math.max(1, tasks.length)]
    if (task === undefined) return
    const requestId = visitor.nextId()
    if (doing === 'take') visitor.ask({ kind: 'take-task', requestId, session, task })
    else if (doing === 'show') visitor.ask({ kind: 'show-task', requestId, task, from: 0 })
    else if (doing === 'drop') visitor.ask({ kind: 'drop-task', requestId, task })
    else visitor.ask({ kind: 'requeue-task', requestId, task, delaySeconds: which % 2 })
  }
}
