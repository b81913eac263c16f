/** What an answer of the log says, or the error for it. */
import { errorOf, type TenureError } from '../errors.ts'
import type { Answer, Refusal, RefusalCode } from '../link/link.ts'

/** What the reference design of the log says of faults of its own. */
const INTERNAL_STATUS = 1000

/** These may pass: trying again, unchanged, may succeed. */
const PASSING: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'UNAVAILABLE',
  'OVERLOADED',
  'TIMEOUT',
  'ABORTED',
])

/** These leave open whether it was done. */
const OPEN: ReadonlySet<RefusalCode> = new Set<RefusalCode>(['UNAVAILABLE', 'TIMEOUT', 'INTERNAL'])

export function isPassing({ code }: Refusal): boolean {
  return PASSING.has(code)
}

export function isOpen({ code }: Refusal): boolean {
  return OPEN.has(code)
}

/** @param asked what was asked, such as `cannot append to task 3.17` */
export function logErrorOf(refusal: Refusal, asked: string): TenureError {
  const isFault = refusal.code === 'INTERNAL' && refusal.status === undefined
  return errorOf(isFault ? { ...refusal, status: INTERNAL_STATUS } : refusal, asked)
}

/** @param asked made only for an error. @throws TenureError when it was refused */
export function expected<K extends Answer['kind']>(
  answer: Answer,
  kind: K,
  asked: () => string,
): Extract<Answer, { readonly kind: K }> {
  if (isOf(answer, kind)) return answer
  if (answer.kind === 'refused') throw logErrorOf(answer, asked())
  throw new Error(`${asked()}: the server has answered with ${answer.kind}`)
}

function isOf<K extends Answer['kind']>(
  answer: Answer,
  kind: K,
): answer is Extract<Answer, { readonly kind: K }> {
  return answer.kind === kind
}
