/** All that a client can ask for in one message. */
import { authMethods } from './auth.ts'
import type { ServiceContext } from './call.ts'
import { discoveryMethods } from './discovery.ts'
import { nodeMethods } from './node-service.ts'
import { schemeMethods } from './scheme.ts'
import type { UnaryMethod } from './unary.ts'

export function unaryMethods(context: ServiceContext): readonly UnaryMethod[] {
  return [
    ...nodeMethods(context),
    ...schemeMethods(context),
    ...discoveryMethods(context),
    ...authMethods(context),
  ]
}
