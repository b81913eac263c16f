/** Gives out tokens for names and passwords. */
import { LOGIN, LoginResultSchema, STATUS } from '@tenure/protocol'
import type { ServiceContext } from './call.ts'
import { operation, operationWith } from './operation.ts'
import { type UnaryMethod, unaryMethod } from './unary.ts'

export function authMethods(context: ServiceContext): readonly UnaryMethod[] {
  return [
    unaryMethod(LOGIN, ({ user, password }) => {
      const token = context.accounts.login(user, password)
      if (token !== null) return { operation: operationWith(LoginResultSchema, { token }) }
      const message = context.accounts.required
        ? 'user name or password is wrong'
        : 'no users are configured; connect without credentials'
      return { operation: operation(STATUS.UNAUTHORIZED, message) }
    }),
  ]
}
