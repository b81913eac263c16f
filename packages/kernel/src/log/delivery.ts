/**
 * Hands due tasks to those who handle their themes, in the order in which they are due.
 *
 * A theme is looked at when something has changed for it, and whenever time has passed; themes do not hold each other up.
 */
import type { Root } from '../root.ts'
import type { Session } from '../session.ts'
import type { ActiveTasks } from './active-tasks.ts'
import type { HandleTheme, StopHandling } from './command.ts'
import { isDue, msUntil } from './due.ts'
import type { TaskHandedOut } from './event.ts'
import { Handling } from './handling.ts'
import type { KeptTasks } from './kept-tasks.ts'
import { ActiveTask, idOf } from './task.ts'
import type { KeptTask } from './task.ts'
import { readRecords } from './task-records.ts'
import type { Theme } from './theme.ts'
import type { Themes } from './themes.ts'

/** Records that one step may have read for hand-outs; one hand-out more may fit in. */
const STEP_BYTES_MAX = 16_777_216

/** To whom a task is handed. */
interface Receiver {
  readonly session: Session
  readonly stream: number
  readonly requestId: bigint
  readonly handling: Handling | null
}

export class Delivery {
  readonly #root: Root
  readonly #themes: Themes
  readonly #kept: KeptTasks
  readonly #active: ActiveTasks
  /** Themes that have to be looked at. */
  readonly #awake: Set<Theme>
  #handlings = 0

  constructor(
    root: Root,
    machines: { themes: Themes; kept: KeptTasks; active: ActiveTasks; awake: Set<Theme> },
  ) {
    this.#root = root
    this.#themes = machines.themes
    this.#kept = machines.kept
    this.#active = machines.active
    this.#awake = machines.awake
  }

  get handlings(): number {
    return this.#handlings
  }

  handle(session: Session, command: HandleTheme): void {
    const { turn, limits } = this.#root
    const { concurrency, stream, requestId } = command
    const theme = this.#themes.find(command.theme)
    if (theme === undefined) {
      return turn.refuse(command, 'UNKNOWN_THEME', `theme ${command.theme} is not configured`)
    }
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      const message = `the concurrency of a handler must be at least 1, got ${concurrency}`
      return turn.refuse(command, 'INVALID_ARGUMENT', message)
    }
    if (session.handlings?.has(requestId) === true || this.#handlings >= limits.taskHandlersMax) {
      const message = `the node has ${limits.taskHandlersMax} handlers, or this one already`
      return turn.refuse(command, 'PRECONDITION_FAILED', message)
    }
    const handling = new Handling(session, theme, { requestId, concurrency })
    session.handlings ??= new Map()
    session.handlings.set(requestId, handling)
    this.#handlings += 1
    theme.enter(handling)
    turn.say({ kind: 'done', stream, requestId })
    this.#awake.add(theme)
  }

  stopHandling(session: Session, { stream, requestId, target }: StopHandling): void {
    const handling = session.handlings?.get(target)
    if (handling !== undefined) this.#leave(handling)
    this.#root.turn.say({ kind: 'done', stream, requestId })
  }

  /** The session is leaving its stream. */
  leave(session: Session): void {
    if (session.handlings === null) return
    for (const handling of session.handlings.values()) this.#leave(handling)
    session.handlings = null
  }

  /** Time has passed: every theme has to be looked at. */
  wakeAll(): void {
    for (const theme of this.#themes.all()) if (theme.next !== undefined) this.#awake.add(theme)
  }

  /** Hands out what is due, as much as one step may; the rest is due at once. */
  deliver(): void {
    if (this.#awake.size === 0) return
    const budget = { tasks: this.#root.limits.tasksPerStepMax, bytes: STEP_BYTES_MAX }
    for (const theme of this.#awake) {
      this.#awake.delete(theme)
      if (this.#deliverOf(theme, budget)) continue
      // Behind the others: they do not wait until it has no more.
      this.#awake.add(theme)
      return
    }
  }

  /** When there is something to hand out next, in the kernel's time; Infinity when that is not known. */
  get nextMs(): number {
    const { turn, outside } = this.#root
    if (this.#awake.size > 0) return turn.nowMs
    let waitMs = Infinity
    for (const theme of this.#themes.all()) {
      const { first } = theme.queue
      if (first === undefined || theme.next === undefined) continue
      waitMs = Math.min(waitMs, msUntil(first.dueSecond, outside))
    }
    return turn.nowMs + waitMs
  }

  /** The task is this session's from now on, in a new attempt. */
  handOut(theme: Theme, kept: KeptTask, { session, stream, requestId, handling }: Receiver): void {
    const { turn, counters } = this.#root
    const task = new ActiveTask(theme, kept, Number(counters.takeCommit()))
    task.attempt = kept.attempt + 1
    task.repeats = kept.repeats + 1
    task.firstRecord = kept.firstRecord
    task.nextRecord = kept.nextRecord
    task.recordBytes = kept.recordBytes
    task.failure = kept.failure
    this.#active.begin(task, session, handling)
    this.#kept.release(theme, kept)
    const event: TaskHandedOut = {
      kind: 'task-handed-out',
      stream,
      requestId,
      session: session.id,
      task: idOf(task),
      theme: theme.config.theme,
      attempt: task.attempt,
      repeats: task.repeats,
      records: [],
      more: false,
    }
    turn.say(event)
    readRecords(this.#root, event, task)
  }

  clear(): void {
    this.#awake.clear()
    this.#handlings = 0
  }

  /** @returns false when the step may hand out no more */
  #deliverOf(theme: Theme, budget: { tasks: number; bytes: number }): boolean {
    const { limits, outside, turn } = this.#root
    for (let handling = theme.next; handling !== undefined; handling = theme.next) {
      const page = theme.queue.nextPage()
      if (page !== null) turn.read(page)
      const { first } = theme.queue
      if (first === undefined || !isDue(first.dueSecond, outside)) return true
      if (budget.tasks <= 0 || budget.bytes <= 0) return false
      const { session, requestId } = handling
      // Who handles is on a stream: he is left when he leaves it.
      const { stream } = session
      if (stream === null) return true
      this.handOut(theme, first, { session, stream, requestId, handling })
      budget.tasks -= 1
      budget.bytes -= Math.min(first.recordBytes, limits.taskPageBytesMax)
    }
    return true
  }

  #leave(handling: Handling): void {
    handling.session.handlings?.delete(handling.requestId)
    handling.theme.leave(handling)
    this.#handlings -= 1
  }
}
