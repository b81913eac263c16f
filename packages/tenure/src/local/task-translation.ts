/**
 * Between the client's words for the session log and the kernel's. The shapes are equal by name; byte arrays that are answered are
 * copied, for the reason that is given in `translation.ts`.
 */
import type { News, OperatorAnswer, OperatorQuestion, Request, TaskAnswer } from '@tenure/client'
import type { Event, StreamCommand } from '@tenure/server'
import { copyOf } from './copy.ts'

/** Keeps the place of the stream, which the tablet puts in. */
const stream = 0

type TaskKind =
  | `${'open' | 'append' | 'replace' | 'delete' | 'store' | 'read' | 'take'}-task`
  | 'handle-theme'
  | 'stop-handling'
export type TaskRequest = Extract<Request, { kind: TaskKind }>
type TaskCommand = Extract<StreamCommand, { kind: TaskKind }>

type LogAnswer = Extract<OperatorAnswer, { kind: 'themes-listed' | 'tasks-listed' | 'task-shown' }>
type TaskView = Extract<LogAnswer, { kind: 'task-shown' }>['view']

/** What answers a request of a session. */
export type TaskEvent = Extract<Event, { kind: TaskAnswer['kind'] }>
/** What answers a question that has no session. */
export type LogEvent = Extract<Event, { kind: LogAnswer['kind'] }>
type HandedOutEvent = Extract<TaskEvent, { kind: 'task-handed-out' }>
type HandedOut = Extract<News, { kind: 'task-handed-out' }>

const REQUESTS: ReadonlySet<Request['kind']> = new Set<TaskRequest['kind']>([
  'open-task',
  'append-task',
  'replace-task',
  'delete-task',
  'store-task',
  'read-task',
  'handle-theme',
  'stop-handling',
  'take-task',
])

const ANSWERS: ReadonlySet<Event['kind']> = new Set<TaskEvent['kind']>([
  'task-opened',
  'task-handed-out',
  'task-records',
])

const LISTS: ReadonlySet<Event['kind']> = new Set<LogEvent['kind']>([
  'themes-listed',
  'tasks-listed',
  'task-shown',
])

export function isTaskRequest(request: Request): request is TaskRequest {
  return REQUESTS.has(request.kind)
}

export function isTaskEvent(event: Event): event is TaskEvent {
  return ANSWERS.has(event.kind)
}

export function isLogEvent(event: Event): event is LogEvent {
  return LISTS.has(event.kind)
}

/**
 * Each that is asked often is written out with all its fields, in one shape per kind. A record is not copied: it is the client's own
 * copy already, and the kernel writes it into a row at once.
 */
export function taskCommandOf(
  request: TaskRequest,
  session: bigint,
  requestId: bigint,
): TaskCommand {
  const { kind } = request
  switch (kind) {
    case 'open-task': {
      const { theme, record } = request
      return { kind, stream, requestId, session, theme, record }
    }
    case 'append-task':
    case 'replace-task': {
      const { task, attempt, record } = request
      return { kind, stream, requestId, session, task, attempt, record }
    }
    case 'delete-task': {
      const { task, attempt } = request
      return { kind, stream, requestId, session, task, attempt }
    }
    case 'store-task': {
      const { task, attempt, delaySeconds, failure } = request
      return { kind, stream, requestId, session, task, attempt, delaySeconds, failure }
    }
    case 'read-task':
    case 'take-task':
    case 'handle-theme':
    case 'stop-handling':
    default:
      return { ...request, stream, requestId, session }
  }
}

/** A question is a command as it is, but for its bytes. */
export function questionOf(question: OperatorQuestion): OperatorQuestion {
  return question.kind === 'list-tasks' ? { ...question, after: copyOf(question.after) } : question
}

export function taskAnswerOf(event: TaskEvent): TaskAnswer {
  switch (event.kind) {
    case 'task-opened':
      return { kind: 'task-opened', task: event.task }
    case 'task-handed-out':
      return handedOutOf(event)
    case 'task-records':
    default:
      return { kind: 'task-records', records: event.records.map(copyOf), more: event.more }
  }
}

export function handedOutOf(event: HandedOutEvent): HandedOut {
  const { kind, task, theme, attempt, repeats, more } = event
  return { kind, task, theme, attempt, repeats, records: event.records.map(copyOf), more }
}

export function logAnswerOf(event: LogEvent): LogAnswer {
  switch (event.kind) {
    case 'themes-listed':
      return { kind: 'themes-listed', themes: event.themes }
    case 'tasks-listed':
      return {
        kind: 'tasks-listed',
        tasks: event.tasks.map(viewOf),
        next: copyOf(event.next),
      }
    case 'task-shown':
    default: {
      const { kind, more } = event
      return { kind, view: viewOf(event.view), records: event.records.map(copyOf), more }
    }
  }
}

function viewOf(view: TaskView): TaskView {
  return { ...view }
}
