/** From the protocol's replies to this library's answers; most are the same. */
import type { Reply } from '@tenure/protocol'
import { descriptionOf } from '../description.ts'
import type { Answer, RecordAnswer, TaskAnswer } from '../link.ts'

type Described = Extract<Reply, { readonly kind: 'described' }>
/** What is an answer as it stands. */
type Plain = Extract<
  Reply,
  {
    readonly kind:
      | RecordAnswer['kind']
      | TaskAnswer['kind']
      | 'refused'
      | 'done'
      | 'acquired'
      | 'not-acquired'
      | 'released'
  }
>

/** What is said to questions that have no session. */
const FOREIGN: ReadonlySet<Reply['kind']> = new Set<
  Exclude<Reply, Plain | Described | Meanwhile>['kind']
>([
  'node-described',
  'nodes-listed',
  'token-checked',
  'sessions-listed',
  'semaphore-explained',
  'themes-listed',
  'tasks-listed',
  'task-shown',
])

/** What is said to a request beside its answer. */
type Meanwhile = Extract<Reply, { readonly kind: 'pending' | 'changed' }>

export function answerOf(reply: Exclude<Reply, Meanwhile>): Answer {
  if (reply.kind === 'described') return descriptionAnswer(reply)
  if (isPlain(reply)) return reply
  const message = `the server has answered with ${reply.kind}`
  return { kind: 'refused', code: 'INTERNAL', message }
}

function isPlain(reply: Exclude<Reply, Meanwhile | Described>): reply is Plain {
  return !FOREIGN.has(reply.kind)
}

function descriptionAnswer({ kind, description, watchAdded }: Described): Answer {
  return {
    kind,
    description: description === null ? null : descriptionOf(description),
    watchAdded,
  }
}
