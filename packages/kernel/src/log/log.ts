/**
 * The session log of a node: themes, tasks, and who drives them. The root of the small machines beside it.
 */
import { invariant } from '../invariant.ts'
import type { Found, Reading } from '../reading.ts'
import type { Root } from '../root.ts'
import type { ActiveTaskRow } from '../rows/task-rows.ts'
import type { ThemeTotals } from '../rows/totals-row.ts'
import type { Session } from '../session.ts'
import { ActiveTasks } from './active-tasks.ts'
import type { LogCommand, LogQuestion, ThemeConfig } from './command.ts'
import { Delivery } from './delivery.ts'
import { Inspection } from './inspection.ts'
import { KeptTasks } from './kept-tasks.ts'
import { Listing, ListReading } from './listing.ts'
import { Lookup, Lookups } from './lookups.ts'
import { Moves } from './moves.ts'
import { TaskOperations } from './operations.ts'
import { Orphans } from './orphans.ts'
import { PageReading } from './stored-queue.ts'
import { ActiveTask } from './task.ts'
import { CountReading, RecordsReading } from './task-records.ts'
import type { Theme } from './theme.ts'
import { Themes } from './themes.ts'

export interface LogStatistics {
  readonly themes: number
  /** Tasks that somebody drives, those that wait, and those that have come back too often. */
  readonly activeTasks: number
  readonly storedTasks: number
  readonly deadTasks: number
  /** Of the active ones, those that are with handlers. */
  readonly tasksOut: number
  readonly taskHandlers: number
}

export class Log {
  readonly #root: Root
  readonly #themes: Themes
  readonly #moves = new Moves()
  readonly #awake = new Set<Theme>()
  readonly #active: ActiveTasks
  readonly #operations: TaskOperations
  readonly #delivery: Delivery
  readonly #orphans: Orphans
  readonly #lookups: Lookups
  readonly #listing: Listing

  constructor(root: Root) {
    const awake = this.#awake
    const moves = this.#moves
    const themes = new Themes(root)
    const kept = new KeptTasks(root, { themes, moves })
    const active = new ActiveTasks(root, { kept, awake })
    const delivery = new Delivery(root, { themes, kept, active, awake })
    const then = new Inspection(root, { themes, kept, active, delivery, awake })
    this.#root = root
    this.#themes = themes
    this.#active = active
    this.#operations = new TaskOperations(root, { themes, active })
    this.#delivery = delivery
    this.#orphans = new Orphans(root, { active })
    this.#lookups = new Lookups(root, { active, moves, then })
    this.#listing = new Listing(root, { active })
  }

  get themes(): readonly ThemeConfig[] {
    return this.#themes.configs
  }

  /** When `advance` has something to do next. */
  get nextMs(): number {
    return this.#orphans.isWaiting ? this.#root.turn.nowMs : this.#delivery.nextMs
  }

  do(session: Session, command: LogCommand): void {
    switch (command.kind) {
      case 'open-task':
        return this.#operations.open(session, command)
      case 'handle-theme':
        return this.#delivery.handle(session, command)
      case 'stop-handling':
        return this.#delivery.stopHandling(session, command)
      case 'take-task':
        return this.#lookups.begin(command, session)
      case 'append-task':
      case 'replace-task':
      case 'delete-task':
      case 'store-task':
      case 'read-task':
        return this.#operations.do(session, command)
      default:
        return command satisfies never
    }
  }

  ask(question: LogQuestion): void {
    switch (question.kind) {
      case 'configure-theme': {
        const theme = this.#themes.configure(question)
        if (theme !== null) this.#awake.add(theme)
        return
      }
      case 'list-themes':
        return this.#themes.tell(question)
      case 'list-tasks':
        return this.#listing.ask(question)
      case 'show-task':
      case 'requeue-task':
      case 'drop-task':
        return this.#lookups.begin(question, null)
      default:
        return question satisfies never
    }
  }

  /** The session is leaving its stream: what it drives is stored, and it handles nothing any more. */
  leave(session: Session): void {
    this.#delivery.leave(session)
    this.#orphans.leave(session)
    this.#themes.putTotals()
  }

  /** Closes every step: what has become due by it, or has found a free place, goes out. */
  settle(): void {
    // What a commit of several pieces could cut apart waits for the next step.
    if (this.#root.turn.isSmall) this.#delivery.deliver()
    this.#themes.putTotals()
  }

  advance(): void {
    if (this.#orphans.isWaiting && this.#root.turn.isSmall) this.#orphans.settle()
    this.#delivery.wakeAll()
  }

  /** Takes in what was read for one of this log's readings. */
  supply(reading: Reading, found: Found): void {
    if (reading instanceof RecordsReading) reading.supply(found)
    else if (reading instanceof PageReading) {
      reading.queue.supply(found)
      this.#delivery.wakeAll()
    } else if (reading instanceof CountReading) {
      const { task } = reading
      reading.supply(found)
      if (task instanceof ActiveTask) this.#orphans.counted(task, found.isWhole)
    } else if (reading instanceof Lookup) this.#lookups.supply(reading, found)
    else if (reading instanceof ListReading) this.#listing.supply(reading, found)
    else invariant(false, 'I-19')
  }

  restoreThemes(configs: readonly ThemeConfig[]): void {
    this.#themes.restore(configs)
  }

  restoreTotals(theme: number, totals: ThemeTotals): void {
    this.#themes.restoreTotals(theme, totals)
  }

  restoreTask(index: bigint, row: ActiveTaskRow): void {
    const theme = this.#themes.find(row.theme)
    invariant(theme !== undefined, 'I-16', row.theme, index)
    const task = new ActiveTask(theme, { index: Number(index), term: row.term }, row.changed)
    task.attempt = row.attempt
    task.repeats = row.repeats
    task.firstRecord = row.firstRecord
    task.nextRecord = row.firstRecord
    task.failure = row.failure
    task.isCounted = false
    this.#active.enter(task)
  }

  /** Whoever drove a restored task has gone. The node may have to be created yet. */
  start(term: bigint): void {
    this.#operations.start(term)
    for (const task of this.#active.all()) this.#orphans.add(task)
  }

  drop(): void {
    this.#themes.clear()
    this.#moves.allMoved()
    this.#awake.clear()
    this.#active.clear()
    this.#delivery.clear()
    this.#orphans.clear()
  }

  statistics(): LogStatistics {
    let [storedTasks, deadTasks, tasksOut] = [0, 0, 0]
    for (const theme of this.#themes.all()) {
      storedTasks += theme.stored
      deadTasks += theme.dead
      tasksOut += theme.out
    }
    const { size: activeTasks } = this.#active
    const { handlings: taskHandlers } = this.#delivery
    const { size: themes } = this.#themes
    return { themes, activeTasks, storedTasks, deadTasks, tasksOut, taskHandlers }
  }
}
