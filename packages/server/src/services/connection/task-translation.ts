/** What a node says of its session log, as replies of Tenure's own protocol. */
import type { LogEvent } from '@tenure/kernel'
import type { ServerMessage, TaskReply } from '@tenure/protocol'

export function taskReplyOf(event: LogEvent): TaskReply {
  const { kind } = event
  switch (kind) {
    case 'task-opened':
      return { kind, task: event.task }
    case 'task-handed-out': {
      const { task, theme, attempt, repeats, records, more } = event
      return { kind, task, theme, attempt, repeats, records, more }
    }
    case 'task-records':
      return { kind, records: event.records, more: event.more }
    case 'themes-listed':
      return { kind, themes: event.themes }
    case 'tasks-listed':
      return { kind, tasks: event.tasks, next: event.next }
    case 'task-shown': {
      const { view, records, more } = event
      return { kind, view, records, more }
    }
    default:
      return event satisfies never
  }
}

/** The same, as short as it can be: the records of a hand-out are left for `read-task`. */
export function shortened(message: ServerMessage): ServerMessage {
  if (message.kind !== 'answer' || message.reply.kind !== 'task-handed-out') return message
  const { reply } = message
  if (reply.records.length === 0) return message
  return { kind: 'answer', id: message.id, reply: { ...reply, records: [], more: true } }
}
