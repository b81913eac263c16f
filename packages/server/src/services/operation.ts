/** The envelope of unary answers. */
import {
  anyPack,
  create,
  type DescMessage,
  type MessageInitShape,
  type Operation,
  OperationSchema,
  STATUS,
  type StatusNumber,
} from '@tenure/protocol'
import { issuesOf } from './status.ts'

/** @param message for people; none when all went well */
export function operation(status: StatusNumber, message?: string): Operation {
  const issues = message === undefined ? [] : [{ ...issuesOf(message)[0], issues: [] }]
  return create(OperationSchema, { ready: true, status, issues })
}

/** An operation that went well and gave something. */
export function operationWith<S extends DescMessage>(
  schema: S,
  result: MessageInitShape<S>,
): Operation {
  return create(OperationSchema, {
    ready: true,
    status: STATUS.SUCCESS,
    result: anyPack(schema, create(schema, result)),
  })
}
