/** Tells drivers where the database is served: here. */
import {
  LIST_ENDPOINTS,
  ListEndpointsResultSchema,
  STATUS,
  WHO_AM_I,
  WhoAmIResultSchema,
} from '@tenure/protocol'
import type { ServiceContext } from './call.ts'
import { operation, operationWith } from './operation.ts'
import { UNAUTHORIZED_TEXT } from './status.ts'
import { type UnaryMethod, unaryMethod } from './unary.ts'

const NODE_ID = 1

/** A client reaches the one server the way it reached it just now. */
export function discoveryMethods(context: ServiceContext): readonly UnaryMethod[] {
  return [
    unaryMethod(LIST_ENDPOINTS, (_request, call) => {
      if (context.accounts.userOf(call.ticket) === null) return unauthorized()
      const endpoint = { address: call.address, port: call.port, nodeId: NODE_ID, ssl: false }
      return { operation: operationWith(ListEndpointsResultSchema, { endpoints: [endpoint] }) }
    }),
    unaryMethod(WHO_AM_I, (_request, call) => {
      const user = context.accounts.userOf(call.ticket)
      if (user === null) return unauthorized()
      return { operation: operationWith(WhoAmIResultSchema, { user: user || 'anonymous' }) }
    }),
  ]
}

function unauthorized() {
  return { operation: operation(STATUS.UNAUTHORIZED, UNAUTHORIZED_TEXT) }
}
