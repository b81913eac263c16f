/** What operators ask, in words for messages. */
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
      break
  }
  return `explain semaphore ${JSON.stringify(question.name)}`
}
