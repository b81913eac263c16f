/** Tells drivers where the database is served. */
import {
  LIST_ENDPOINTS,
  ListEndpointsResultSchema,
  STATUS,
  WHO_AM_I,
  WhoAmIResultSchema,
} from '@tenure/protocol'
import type { CallInfo, ServiceContext } from './call.ts'
import { operation, operationWith } from './operation.ts'
import { UNAUTHORIZED_TEXT } from './status.ts'
import { type UnaryMethod, unaryMethod } from './unary.ts'

export function discoveryMethods(context: ServiceContext): readonly UnaryMethod[] {
  return [
    unaryMethod(LIST_ENDPOINTS, (_request, call) => {
      if (context.accounts.userOf(call.ticket) === null) return unauthorized()
      const endpoints = endpointsOf(context, call)
      return { operation: operationWith(ListEndpointsResultSchema, { endpoints }) }
    }),
    unaryMethod(WHO_AM_I, (_request, call) => {
      const user = context.accounts.userOf(call.ticket)
      if (user === null) return unauthorized()
      return { operation: operationWith(WhoAmIResultSchema, { user: user || 'anonymous' }) }
    }),
  ]
}

/** A client reaches a server that is alone the way it reached it just now. */
function endpointsOf({ neighbours }: ServiceContext, { address, port }: CallInfo) {
  const places = neighbours.addresses.map(placeOf)
  const all = places.length === 0 ? [{ address, port }] : places
  return all.map((place, index) => ({ ...place, nodeId: index + 1, ssl: false }))
}

function placeOf(server: string): { address: string; port: number } {
  const colon = server.lastIndexOf(':')
  const address = server.slice(0, colon).replace(/^\[|\]$/g, '')
  return { address, port: Number(server.slice(colon + 1)) }
}

function unauthorized() {
  return { operation: operation(STATUS.UNAUTHORIZED, UNAUTHORIZED_TEXT) }
}
