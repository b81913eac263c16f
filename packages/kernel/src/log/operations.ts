/** What whoever drives a task can do with it. */
import { invariant } from '../invariant.ts'
import type { RefusalCode } from '../event.ts'
import type { Root } from '../root.ts'
import type { Session } from '../session.ts'
import { utf8Cut, utf8Length } from '../utf8.ts'
import type { ActiveTasks } from './active-tasks.ts'
import type {
  AppendTask,
  DeleteTask,
  OpenTask,
  ReadTask,
  ReplaceTask,
  StoreTask,
} from './command.ts'
import type { TaskRecords } from './event.ts'
import { ActiveTask, idOf, idText } from './task.ts'
import { deleteRecords, putRecord, readRecords } from './task-records.ts'
import type { Theme } from './theme.ts'
import type { Themes } from './themes.ts'

type TaskCommand = AppendTask | ReplaceTask | DeleteTask | StoreTask | ReadTask

const U32_MAX = 0xffff_ffff

export class TaskOperations {
  readonly #root: Root
  readonly #themes: Themes
  readonly #active: ActiveTasks
  /** Of the partition, since the kernel has started. */
  #term = 0

  constructor(root: Root, machines: { themes: Themes; active: ActiveTasks }) {
    this.#root = root
    this.#themes = machines.themes
    this.#active = machines.active
  }

  start(term: bigint): void {
    invariant(term <= BigInt(Number.MAX_SAFE_INTEGER), 'I-8', 'term', term)
    this.#term = Number(term)
  }

  open(session: Session, command: OpenTask): void {
    const { turn, counters } = this.#root
    const { record, stream, requestId } = command
    const theme = this.#themes.find(command.theme)
    if (theme === undefined) {
      const message = `theme ${command.theme} is not configured, so nobody would be responsible`
      return turn.refuse(command, 'UNKNOWN_THEME', message)
    }
    const noRoom = this.#problemOfRoom()
    if (noRoom !== null) return turn.refuse(command, 'PRECONDITION_FAILED', noRoom)
    if (record !== null && this.#isTooLarge(command, theme, null)) return
    const index = Number(counters.takeCommit())
    const task = new ActiveTask(theme, { index, term: this.#term }, index)
    this.#active.begin(task, session, null)
    if (record !== null) this.#add(task, record)
    turn.say({ kind: 'task-opened', stream, requestId, task: idOf(task) })
  }

  do(session: Session, command: TaskCommand): void {
    const task = this.#find(session, command)
    if (task === null) return
    switch (command.kind) {
      case 'append-task':
        if (this.#isTooLarge(command, task.theme, task)) return
        this.#change(task)
        this.#add(task, command.record)
        break
      case 'replace-task':
        if (this.#isTooLarge(command, task.theme, null)) return
        this.#change(task)
        this.#replace(task, command.record)
        break
      case 'delete-task':
        this.#root.counters.takeCommit()
        deleteRecords(this.#root.turn, task)
        this.#active.end(task)
        break
      case 'store-task':
        if (!this.#store(task, command)) return
        break
      case 'read-task':
        return this.#read(task, command)
      default:
        return command satisfies never
    }
    const { stream, requestId } = command
    this.#root.turn.say({ kind: 'done', stream, requestId })
  }

  #add(task: ActiveTask, record: Uint8Array): void {
    putRecord(this.#root.turn, task, record)
    task.nextRecord += 1
    task.recordBytes += record.length
  }

  #change(task: ActiveTask): void {
    task.changed = Number(this.#root.counters.takeCommit())
  }

  #replace(task: ActiveTask, record: Uint8Array): void {
    deleteRecords(this.#root.turn, task)
    // Where the dropped ones were not: numbers do not run out, however often a task is replaced.
    task.firstRecord = task.firstRecord > 0 ? 0 : task.nextRecord
    task.nextRecord = task.firstRecord
    task.recordBytes = 0
    this.#add(task, record)
    this.#active.write(task)
  }

  #store(task: ActiveTask, command: StoreTask): boolean {
    const { turn, limits } = this.#root
    const { delaySeconds, failure } = command
    if (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > U32_MAX) {
      const message = `the delay must be whole seconds from 0 to ${U32_MAX}, got ${delaySeconds}`
      turn.refuse(command, 'INVALID_ARGUMENT', message)
      return false
    }
    if (utf8Length(failure) < 0) {
      turn.refuse(command, 'INVALID_ARGUMENT', 'the failure is not well-formed Unicode')
      return false
    }
    if (failure !== '') task.failure = utf8Cut(failure, limits.failureBytesMax)
    this.#active.store(task, delaySeconds)
    return true
  }

  #read(task: ActiveTask, { stream, requestId, from }: ReadTask): void {
    const page: TaskRecords = {
      kind: 'task-records',
      stream,
      requestId,
      records: [],
      more: false,
    }
    this.#root.turn.say(page)
    readRecords(this.#root, page, task, from)
  }

  #problemOfRoom(): string | null {
    const { activeTasksMax, tasksMax } = this.#root.limits
    if (this.#active.size >= activeTasksMax) return `the node has ${activeTasksMax} open tasks`
    const tasks = this.#active.size + this.#themes.kept
    return tasks < tasksMax ? null : `the node has ${tasksMax} tasks`
  }

  /** @param onto what the record is added to; null when it will be the only one */
  #isTooLarge(
    command: OpenTask | AppendTask | ReplaceTask,
    { config }: Theme,
    onto: ActiveTask | null,
  ): boolean {
    const { taskRecordBytesMax, taskRecordsMax } = this.#root.limits
    const { theme, taskBytesMax } = config
    const recordBytes = command.record?.length ?? 0
    const bytes = recordBytes + (onto?.recordBytes ?? 0)
    let problem: string | null = null
    if (recordBytes > taskRecordBytesMax) {
      problem = `the record has ${recordBytes} bytes, at most ${taskRecordBytesMax} are allowed`
    } else if (bytes > taskBytesMax) {
      problem = `the task would have ${bytes} bytes, theme ${theme} allows ${taskBytesMax}`
    } else if (onto !== null && onto.nextRecord - onto.firstRecord >= taskRecordsMax) {
      problem = `the task has ${taskRecordsMax} records, no more are allowed`
    }
    if (problem !== null) this.#root.turn.refuse(command, 'TASK_TOO_LARGE', problem)
    return problem !== null
  }

  /** The task of a command, if it is this session's in this attempt; null when the command was refused. */
  #find(session: Session, command: TaskCommand): ActiveTask | null {
    const { task: id, attempt } = command
    const task = this.#active.find(Number(id.index))
    if (task === undefined || BigInt(task.term) !== id.term) {
      const message = `task ${idText(id)} is not open: it was deleted or stored, or never was`
      return this.#refuse(command, 'TASK_CLOSED', message)
    }
    if (attempt !== task.attempt) {
      const message = `task ${idText(id)} is in attempt ${task.attempt}, this is of attempt ${attempt}`
      return this.#refuse(command, 'STALE_ATTEMPT', message)
    }
    if (task.operator === session) return task
    return this.#refuse(command, 'TASK_CLOSED', `task ${idText(id)} is not with this session`)
  }

  #refuse(command: TaskCommand, code: RefusalCode, message: string): null {
    this.#root.turn.refuse(command, code, message)
    return null
  }
}
