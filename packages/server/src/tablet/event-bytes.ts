/**
 * About what an event takes in memory beyond the state that it tells of, which it refers to. Records of tasks are counted when
 * they are read.
 */
import type { Event, SemaphoreDescription, SessionDescription, TaskView } from '@tenure/kernel'

/** One owner, waiter or holding. */
const HOLDER_BYTES = 128
const RECORD_BYTES = 128
const SESSION_BYTES = 256
const THEME_BYTES = 256
const TASK_BYTES = 256
const ID_BYTES = 24

export function bytesOfEvent(event: Event): number {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- all others are small
  switch (event.kind) {
    case 'semaphore-described':
      return event.description === null ? 0 : bytesOfDescription(event.description)
    case 'semaphore-shown':
      // The description is one for all whom it is shown to.
      return event.requestIds.length * ID_BYTES
    case 'semaphore-explained':
      return bytesOfDescription(event.description) + bytesOfSessions(event.sessions)
    case 'sessions-listed':
      return bytesOfSessions(event.sessions)
    case 'records-listed':
    case 'transacted':
      return event.records.length * RECORD_BYTES
    case 'records-changed':
      return event.changes.length * RECORD_BYTES
    case 'task-handed-out':
      return TASK_BYTES
    case 'themes-listed':
      return event.themes.length * THEME_BYTES
    case 'tasks-listed':
      return bytesOfTasks(event.tasks)
    default:
      return 0
  }
}

function bytesOfTasks(tasks: readonly TaskView[]): number {
  let bytes = tasks.length * TASK_BYTES
  for (const { failure } of tasks) bytes += failure.length
  return bytes
}

function bytesOfDescription({ owners, waiters }: SemaphoreDescription): number {
  return (owners.length + waiters.length) * HOLDER_BYTES
}

function bytesOfSessions(sessions: readonly SessionDescription[]): number {
  let bytes = sessions.length * SESSION_BYTES
  for (const session of sessions) bytes += session.holdings.length * HOLDER_BYTES
  return bytes
}
