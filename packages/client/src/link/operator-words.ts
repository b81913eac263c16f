/** What operators ask, in words for messages. */
import type { TaskIdMessage } from '@tenure/protocol'
import type { OperatorQuestion } from './link.ts'

/** @returns such as `cannot end session 5 of "/local/a"` */
export function askedByOperator(path: string, question: OperatorQuestion): string {
  return `cannot ${deedOf(question)} of "${path}"`
}

function deedOf(question: OperatorQuestion): string {
  switch (question.kind) {
    case 'check-token':
      return `check token ${question.token} of semaphore ${JSON.stringify(question.name)}`
    case 'list-sessions':
      return 'list the sessions'
    case 'end-session':
      return `end session ${question.session}`
    case 'force-release':
      return `take semaphore ${JSON.stringify(question.name)} from session ${question.session}`
    case 'explain-semaphore':
      return `explain semaphore ${JSON.stringify(question.name)}`
    case 'configure-theme':
      return `configure theme ${question.config.theme} in the log`
    case 'list-themes':
      return 'list the themes in the log'
    case 'list-tasks':
      return `list the ${question.state} tasks in the log`
    case 'show-task':
      return `show ${taskIn(question)}`
    case 'requeue-task':
      return `requeue ${taskIn(question)}`
    case 'drop-task':
      break
  }
  return `drop ${taskIn(question)}`
}

function taskIn({ task }: { readonly task: TaskIdMessage }): string {
  return `task ${task.term}.${task.index} in the log`
}
