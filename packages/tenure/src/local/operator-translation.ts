/** What the kernel says to an operator, in the client's words. Questions need none: they are commands as they are. */
import type { OperatorAnswer } from '@tenure/client'
import type { Event } from '@tenure/server'
import { isLogEvent, logAnswerOf } from './task-translation.ts'
import { descriptionOf } from './translation.ts'

type SessionDescription = Extract<OperatorAnswer, { kind: 'sessions-listed' }>['sessions'][number]

/** What an operator is answered with; a refusal is none of these. */
export type OperatorEvent = Extract<Event, { kind: OperatorAnswer['kind'] }>

export function operatorAnswerOf(event: OperatorEvent): OperatorAnswer {
  if (isLogEvent(event)) return logAnswerOf(event)
  switch (event.kind) {
    case 'token-checked':
      return { kind: 'token-checked', isNewest: event.isNewest }
    case 'sessions-listed': {
      const { more } = event
      return { kind: 'sessions-listed', sessions: event.sessions.map(sessionOf), more }
    }
    case 'semaphore-explained': {
      const { held: count, ...description } = descriptionOf(event.description)
      const sessions = event.sessions.map(sessionOf)
      return { kind: 'semaphore-explained', description: { ...description, count }, sessions }
    }
    case 'done':
    default:
      return { kind: 'done' }
  }
}

const ANSWERS: ReadonlySet<Event['kind']> = new Set<OperatorEvent['kind']>([
  'token-checked',
  'sessions-listed',
  'semaphore-explained',
  'themes-listed',
  'tasks-listed',
  'task-shown',
  'done',
])

export function isOperatorEvent(event: Event): event is OperatorEvent {
  return ANSWERS.has(event.kind)
}

function sessionOf(session: SessionDescription): SessionDescription {
  return { ...session, holdings: session.holdings.map((holding) => ({ ...holding })) }
}
