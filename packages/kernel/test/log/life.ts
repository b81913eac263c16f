/** A session log and the plain model of it, living the same life through batches, crashes and restarts. */
import { deepStrictEqual, equal, fail, ok } from 'node:assert/strict'
import { property } from 'fast-check'
import type { IProperty } from 'fast-check'
import type { Command, Event, Step, TaskId, TaskView, ThemesListed } from '@tenure/kernel'
import * as ask from './log-node.ts'
import { LogNode, SECOND_MS } from './log-node.ts'
import type { Batch, Question } from './log-node.ts'
import { PAGE_RECORDS, ToldPages, pageOf } from './told-pages.ts'
import type { Page } from './told-pages.ts'
import { Model } from './model.ts'
import type { Task } from './model.ts'
import { GONE, LOOKUPS, OF_NODE, OF_SESSION, idOf, isOneOf, moves, questionOf } from './moves.ts'
import type { LookupKind, Move, NodeKind, SessionKind, TaskKind } from './moves.ts'

/** Small, so that pages are read all the time, and work is left to later steps. */
const LIMITS = {
  storedInMemoryMax: 3,
  storedPageMax: 2,
  taskPageRecordsMax: PAGE_RECORDS,
  tasksPerStepMax: 2,
}

const STATES = ['active', 'stored', 'dead'] as const

/** A question about a task that is looked for, and who asks in which attachment. */
interface Lookup {
  readonly kind: LookupKind
  readonly id: TaskId
  readonly session: bigint
  readonly attachment: number
  readonly delaySeconds: number
}

class Life {
  readonly #node = new LogNode(LIMITS, 0)
  #model = new Model()
  /** As of the latest commit, and as of each batch that is to be committed. */
  #durable = new Model()
  readonly #after = new WeakMap<Batch, Model>()
  readonly #guests = [0n, 0n, 0n]
  #gone: TaskId[] = []
  #lookups = new Map<bigint, Lookup>()
  readonly #pages = new ToldPages()
  #attachments = 0
  #letters = 0
  /** Of the command at hand: its answer, and what is needed to understand it. */
  #asked = 0n
  #answer = ''
  #opening = { theme: 0, session: 0n, record: null as string | null }
  #page: Page = { records: [], more: false }
  #listed: TaskView[] = []

  constructor() {
    this.#node.wallMs = 1_000_000_000_500
    this.#node.timeoutMs = 1_800_000n
    this.#node.seen = (step) => this.#see(step)
    for (const number of [1, 2]) this.#configure(number, { delaySeconds: 1, repeatsMax: 2 })
    this.#settle()
  }

  /** @throws AssertionError when they differ */
  play(next: Move): void {
    if (isOneOf(OF_NODE, next.kind)) return this.#ofNode(next.kind, next)
    const guest = this.#guest(next.who)
    if (isOneOf(OF_SESSION, next.kind)) this.#ofSession(next.kind, next, guest)
    else if (isOneOf(LOOKUPS, next.kind)) this.#lookUp(next.kind, next, guest)
    else this.#ofTask(next.kind, next, guest)
  }

  /** Everything comes to rest, is there still, and leaves no trace when it is finished. */
  end(): void {
    this.#settle()
    this.#crash()
    const guest = this.#guest(0)
    this.#settle()
    for (const task of this.#model.tasks) {
      ok(task.state === 'stored' || task.state === 'dead')
      this.#ask(ask.take(idOf(task.id)), guest, this.#sought('take', task.id, guest))
      this.#settle()
      this.#operate('delete', { task, session: guest, attempt: task.attempt, count: 0 })
    }
    this.#settle()
    deepStrictEqual(Object.keys(this.#node.store.kinds).sort(), ['0x1', '0x10', '0x2', '0x50'])
  }

  #ofNode(kind: NodeKind, { count, theme, right }: Move): void {
    const node = this.#node
    switch (kind) {
      case 'commit':
        return this.#commit()
      case 'settle':
        return this.#settle()
      case 'crash':
        return this.#crash()
      case 'wall':
        node.wallMs += (right ? 1 : -1) * 3_600 * SECOND_MS
        return
      case 'wait':
        node.pass(count * 700)
        if (node.kernel.nextDeadlineMs() <= node.nowMs) node.advance()
        return
      case 'configure': {
        const terms = { delaySeconds: count % 3, jitterSeconds: theme % 3, repeatsMax: theme }
        this.#configure(1 + (theme % 2), { ...terms, concurrency: 1 + count })
      }
    }
  }

  #ofSession(kind: SessionKind, next: Move, session: bigint): void {
    const { count, right } = next
    const theme = next.theme === 8 ? 9 : next.theme < 6 ? 1 : 2
    const known = this.#model.themes.has(theme)
    switch (kind) {
      case 'open':
        for (let tasks = 0; tasks <= count; tasks++) {
          const record = right ? this.#record(tasks) : null
          this.#opening = { theme, session, record }
          this.#ask(ask.open(theme, record), session, known ? 'task-opened' : 'UNKNOWN_THEME')
        }
        return
      case 'handle': {
        const handling = { session, theme, concurrency: 1 + count }
        if (known) this.#model.handlings.set(this.#node.asked + 1n, handling)
        const question = ask.handle(theme, 1 + count)
        return this.#ask(question, session, known ? 'done' : 'UNKNOWN_THEME')
      }
      case 'stop handling':
        return this.#stopHandling(session, count)
      case 'attach':
        return this.#attach(session)
      case 'detach':
        this.#model.leave(session)
        return void this.#node.detach(session)
      case 'stop':
        this.#model.leave(session)
        this.#model.sessions.delete(session)
        return void this.#node.stop(session)
    }
  }

  #stopHandling(session: bigint, which: number): void {
    const own = [...this.#model.handlings].filter(([, one]) => one.session === session)
    const [id = 0n] = own[which % (own.length || 1)] ?? []
    this.#model.handlings.delete(id)
    this.#ask(ask.stopHandling(id), session, 'done')
  }

  #ofTask(kind: TaskKind, next: Move, guest: bigint): void {
    const all = this.#model.tasks
    const driven = all.filter(({ operator }) => operator !== null)
    const tasks = next.right && driven.length > 0 ? driven : all
    const task = tasks[next.task % (tasks.length || 1)]
    if (task === undefined || next.task === GONE) {
      const id = this.#gone[next.task % (this.#gone.length || 1)] ?? { term: 9n, index: 9n }
      return this.#ask(questionOf(kind, `${idOf(id)}#${next.count}`, next), guest, 'TASK_CLOSED')
    }
    const session = next.right ? (task.operator ?? guest) : guest
    const attempt = next.right ? task.attempt : next.count
    const times = kind === 'append' ? next.count : 1
    for (let time = 0; time < times; time++) {
      this.#operate(kind, { task, session, attempt, count: next.count })
    }
  }

  #operate(
    kind: TaskKind,
    about: { task: Task; session: bigint; attempt: number; count: number },
  ): void {
    const { task, session, attempt, count } = about
    const text = this.#record(count)
    const refusal = this.#model.refusal(session, task.id, attempt)
    if (refusal === null) this.#affect(kind, task, { count, text })
    const question = questionOf(kind, `${idOf(task.id)}#${attempt}`, { count, text })
    this.#ask(question, session, refusal ?? (kind === 'read' ? 'task-records' : 'done'))
  }

  #affect(kind: TaskKind, task: Task, { count, text }: { count: number; text: string }): void {
    if (kind === 'append') task.records = [...task.records, text]
    else if (kind === 'replace') task.records = [text]
    else if (kind === 'read') this.#page = pageOf(task, count)
    else if (kind === 'delete') this.#remove(task)
    else Object.assign(task, { state: 'storing', delaySeconds: count, operator: null })
  }

  #remove(task: Task): void {
    this.#model.remove(task)
    this.#gone.push(task.id)
  }

  #lookUp(kind: LookupKind, next: Move, session: bigint): void {
    const ids = [...this.#model.tasks.map(({ id }) => id), ...this.#gone.slice(-2)]
    const id = ids[next.task % (ids.length || 1)] ?? { term: 1n, index: 1n }
    const expected = this.#sought(kind, id, session, next.count)
    const questions: Record<typeof kind, Question> = {
      take: ask.take(idOf(id)),
      requeue: ask.requeue(idOf(id), next.count),
      drop: ask.drop(idOf(id)),
      show: ask.show(idOf(id)),
    }
    this.#ask(questions[kind], session, expected)
  }

  /** The next question is one about a task that may have to be looked for; its answer comes when it comes. */
  #sought(kind: Lookup['kind'], id: TaskId, session: bigint, delaySeconds = 0): null {
    const attachment = this.#model.sessions.get(session) ?? 0
    this.#lookups.set(this.#node.asked + 1n, { kind, id, session, attachment, delaySeconds })
    return null
  }

  /** @param expected the answer that comes at once; null for none */
  #ask(question: Question, session: bigint, expected: string | null): void {
    this.#apply(this.#node.addressed(question, session))
    if (expected !== null) equal(this.#answer, expected)
  }

  #apply(command: Command): void {
    this.#asked = 'requestId' in command ? command.requestId : 0n
    this.#answer = ''
    this.#node.apply(command)
  }

  #configure(number: number, terms: object): void {
    const question = ask.theme(number, terms)
    if (question.kind === 'configure-theme') this.#model.themes.set(number, question.config)
    this.#ask(question, 0n, 'done')
  }

  /** The session of one who is there, and attached. */
  #guest(who: number): bigint {
    const session = this.#guests[who] ?? 0n
    const attachment = this.#model.sessions.get(session)
    if (attachment === undefined) {
      const step = this.#node.attach(0n)
      const attached = step.events.find((event) => event.kind === 'attached')
      this.#guests[who] = attached?.session ?? fail('nobody can come')
      this.#model.sessions.set(this.#guests[who] ?? 0n, ++this.#attachments)
      this.#note()
    } else if (attachment === 0) this.#attach(session)
    return this.#guests[who] ?? 0n
  }

  #attach(session: bigint): void {
    this.#model.leave(session)
    this.#model.sessions.set(session, ++this.#attachments)
    this.#node.attach(session)
  }

  #commit(): void {
    const batch = this.#node.commitBatch()
    if (batch === null) return
    this.#durable = this.#after.get(batch) ?? fail('a batch of nothing')
    for (const event of batch.events) this.#pages.told(event)
  }

  #settle(): void {
    this.#rest()
    const { kernel, nowMs, toldWallMs } = this.#node
    this.#model.checkRest(toldWallMs, kernel.nextDeadlineMs() - nowMs)
    this.#audit()
  }

  #rest(): void {
    const { kernel, nowMs } = this.#node
    for (let steps = 0; steps < 2_000; steps++) {
      if (this.#node.open > 0) this.#commit()
      else if (kernel.nextDeadlineMs() <= nowMs) this.#node.advance()
      else return
    }
    fail('the node does not come to rest')
  }

  #crash(): void {
    this.#model = this.#durable.restarted()
    this.#gone = this.#gone.filter((id) => this.#model.find(id) === undefined)
    this.#lookups = new Map()
    this.#pages.clear()
    this.#node.restart()
  }

  #see(step: Step): void {
    for (const event of step.events) {
      const lookup = 'requestId' in event ? this.#lookups.get(event.requestId) : undefined
      const task = lookup && this.#model.find(lookup.id)
      if (event.kind !== 'done' || lookup?.kind !== 'requeue' || task === undefined) continue
      ok(task.state === 'stored' || task.state === 'dead', `requeued, and ${task.state}`)
      if (task.state === 'dead') task.repeats = 0
      Object.assign(task, { state: 'storing', delaySeconds: -1 - lookup.delaySeconds })
    }
    this.#model.kept(step.writes, this.#node.wallMs)
    for (const event of step.events) this.#hear(event)
    this.#note()
  }

  /** This is how things are when the latest batch is durable. */
  #note(): void {
    const { latest } = this.#node
    if (latest !== null) this.#after.set(latest, this.#model.copy())
  }

  #hear(event: Event): void {
    if ('requestId' in event && event.requestId === this.#asked && this.#answer === '') {
      this.#answer = event.kind === 'refused' ? event.code : event.kind
    }
    if (event.kind === 'task-opened') this.#model.opened(event.task, this.#opening)
    else if (event.kind === 'task-records') this.#pages.expect(event, this.#page)
    else if (event.kind === 'themes-listed') this.#checkThemes(event)
    else if (event.kind === 'tasks-listed') this.#listed.push(...event.tasks)
    else if ('requestId' in event) this.#hearOfTask(event)
  }

  #hearOfTask(event: Extract<Event, { requestId: bigint }>): void {
    const lookup = this.#lookups.get(event.requestId)
    if (event.kind === 'task-handed-out') {
      const task = this.#model.handedOut(event, lookup?.kind === 'take', this.#node.wallMs)
      this.#pages.expect(event, pageOf(task, 0))
    }
    if (lookup === undefined) return
    this.#lookups.delete(event.requestId)
    const task = this.#model.find(lookup.id)
    if (event.kind === 'refused') this.#checkRefusal(event.code, lookup, task?.state ?? 'nothing')
    else if (task === undefined) fail(`${event.kind}, of nothing`)
    else if (lookup.kind === 'drop') this.#remove(task)
    else if (lookup.kind === 'take') ok(this.#isHere(lookup), 'given to somebody who has left')
    else if (event.kind === 'task-shown' && task.state !== 'lost') {
      this.#pages.expect(event, pageOf(task, 0))
      deepStrictEqual(strip(event.view), this.#model.view(task))
    }
  }

  #checkRefusal(code: string, lookup: Lookup, state: string): void {
    if (code === 'NOT_FOUND') equal(state, 'nothing')
    else if (code === 'BAD_SESSION') ok(lookup.kind === 'take' && !this.#isHere(lookup))
    else ok(code === 'PRECONDITION_FAILED' && (state === 'active' || state === 'lost'), code)
  }

  #isHere({ session, attachment }: Lookup): boolean {
    return this.#model.sessions.get(session) === attachment
  }

  #audit(): void {
    // Whoever is asked may find out what time it is, and hand something out behind the answer.
    this.#ask({ kind: 'list-themes' }, 0n, 'themes-listed')
    this.#rest()
    this.#listed = []
    for (const state of STATES) this.#ask(ask.list(state), 0n, null)
    this.#rest()
    const { tasks } = this.#model
    equal(this.#listed.length, tasks.length)
    for (const view of this.#listed) {
      const task = this.#model.find(view.task)
      deepStrictEqual(strip(view), task && this.#model.view(task))
      ok(task?.state === 'active' || view.changed === BigInt(task?.number ?? 0))
    }
    const records = tasks.reduce((sum, task) => sum + task.records.length, 0)
    equal(this.#node.store.kinds['0x53'] ?? 0, records)
  }

  #checkThemes(event: ThemesListed): void {
    const { themes, handlings } = this.#model
    const views = [...themes].map(([number, config]) => {
      const [active, stored, dead] = STATES.map((is) =>
        this.#model.count(number, ({ state }) => state === is),
      )
      const handedOut = this.#model.count(number, ({ handling }) => handling !== null)
      const handlers = [...handlings.values()].filter(({ theme }) => theme === number).length
      return { config, active, stored, dead, handedOut, handlers }
    })
    deepStrictEqual(event.themes, views)
  }

  #record(count: number): string {
    this.#letters += 1
    return `${this.#letters}`.repeat(count)
  }
}

/** Without what the model does not know. */
function strip(view: TaskView): Partial<TaskView> {
  const { changed: _changed, failure: _failure, ...others } = view
  return others
}

export const agreement: IProperty<unknown> = property(moves, (all) => {
  const life = new Life()
  for (const each of all) life.play(each)
  life.end()
})
