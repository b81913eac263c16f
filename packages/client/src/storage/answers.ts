/** What comes back for one request: the answer of the kind that belongs to it, or an error. */
import { errorOf } from '../errors.ts'
import type { Answer } from '../link/link.ts'
import { unexpected } from '../session/core.ts'
import type { Asking, StorageSession } from './storage-session.ts'

export type AnswerOf<K extends Answer['kind']> = Extract<Answer, { readonly kind: K }>

export function expected<K extends Answer['kind']>(
  asking: Asking,
  answer: Answer,
  kind: K,
): AnswerOf<K> {
  if (isOf(answer, kind)) return answer
  if (answer.kind === 'refused') throw errorOf(answer, asking.asked())
  throw unexpected(asking.request, answer)
}

/** Asks, and takes only an answer of this kind. */
export async function askFor<K extends Answer['kind']>(
  session: StorageSession,
  asking: Asking,
  kind: K,
  signal: AbortSignal | undefined,
): Promise<AnswerOf<K>> {
  const { answer } = await session.ask(asking, signal)
  return expected(asking, answer, kind)
}

function isOf<K extends Answer['kind']>(answer: Answer, kind: K): answer is AnswerOf<K> {
  return answer.kind === kind
}
