/** From what the wire says of trouble to the codes of this library. */
import { status as GrpcStatus } from '@grpc/grpc-js'
import { STATUS, statusName } from '@tenure/protocol'
import { TenureError } from '../../errors.ts'
import type { AttachmentEnd, Refusal, RefusalCode } from '../link.ts'

interface WireIssue {
  readonly message: string
  readonly issues: readonly WireIssue[]
}

const CODE_OF: ReadonlyMap<number, RefusalCode> = new Map<number, RefusalCode>([
  [STATUS.BAD_REQUEST, 'INVALID_ARGUMENT'],
  [STATUS.UNAUTHORIZED, 'UNAUTHORIZED'],
  [STATUS.INTERNAL_ERROR, 'INTERNAL'],
  [STATUS.ABORTED, 'ABORTED'],
  [STATUS.UNAVAILABLE, 'UNAVAILABLE'],
  [STATUS.OVERLOADED, 'OVERLOADED'],
  [STATUS.GENERIC_ERROR, 'INTERNAL'],
  [STATUS.TIMEOUT, 'TIMEOUT'],
  [STATUS.BAD_SESSION, 'BAD_SESSION'],
  [STATUS.PRECONDITION_FAILED, 'PRECONDITION_FAILED'],
  [STATUS.ALREADY_EXISTS, 'ALREADY_EXISTS'],
  [STATUS.NOT_FOUND, 'NOT_FOUND'],
  [STATUS.SESSION_EXPIRED, 'SESSION_EXPIRED'],
  [STATUS.CANCELLED, 'ABORTED'],
  [STATUS.UNDETERMINED, 'UNAVAILABLE'],
  [STATUS.UNSUPPORTED, 'UNSUPPORTED'],
  [STATUS.SESSION_BUSY, 'OVERLOADED'],
])

export function isSuccess(status: number): boolean {
  return status === STATUS.SUCCESS
}

/** A status other than SUCCESS, as a refusal. */
export function refusalOf(status: number, issues: readonly WireIssue[]): Refusal {
  const said = issues.map(textOf).join('; ')
  return {
    kind: 'refused',
    code: CODE_OF.get(status) ?? 'INTERNAL',
    message: said === '' ? statusName(status) : said,
    status,
  }
}

/** The same for the calls on nodes, where SCHEME_ERROR stands for whatever is wrong with the path. */
export function nodeRefusalOf(
  status: number,
  issues: readonly WireIssue[],
  isCreate: boolean,
): Refusal {
  const refusal = refusalOf(status, issues)
  if (status !== STATUS.SCHEME_ERROR) return refusal
  return { ...refusal, code: isCreate ? 'PRECONDITION_FAILED' : 'NOT_FOUND' }
}

function textOf(issue: WireIssue): string {
  const inner = issue.issues.map(textOf).join('; ')
  if (inner === '') return issue.message
  return issue.message === '' ? inner : `${issue.message} (${inner})`
}

const GRPC_CODE_OF: ReadonlyMap<number, RefusalCode> = new Map<number, RefusalCode>([
  [GrpcStatus.INVALID_ARGUMENT, 'INVALID_ARGUMENT'],
  [GrpcStatus.UNAUTHENTICATED, 'UNAUTHORIZED'],
  [GrpcStatus.PERMISSION_DENIED, 'UNAUTHORIZED'],
  [GrpcStatus.UNIMPLEMENTED, 'UNSUPPORTED'],
  [GrpcStatus.RESOURCE_EXHAUSTED, 'OVERLOADED'],
])

/** What gRPC says for good, as a refusal; null when the way is broken and another attempt may find it whole. */
export function refusalOfGrpc(error: {
  readonly code: number
  readonly details: string
}): Refusal | null {
  const code = GRPC_CODE_OF.get(error.code)
  return code === undefined ? null : { kind: 'refused', code, message: error.details }
}

/** Why an attachment is over for which no token could be had. */
export function endOfLogin(error: unknown): AttachmentEnd {
  if (error instanceof TenureError && error.code === 'UNAUTHORIZED') {
    return {
      kind: 'refused',
      refusal: { kind: 'refused', code: error.code, message: error.message },
    }
  }
  return { kind: 'broken', cause: error }
}
