/**
 * The register of the checker, for clients that ask again.
 *
 * YDB's protocol has no memory of requests, so the client library asks anew what was not answered when a stream broke. Until
 * the call returns, the request may therefore take effect as often as it reached a server, and no oftener.
 */
import {
  type Model,
  type Operation,
  type RegisterInput,
  registerModel,
  type RegisterOutput,
  type RegisterState,
} from '@tenure/checker'

export type AskedInput =
  | { readonly kind: 'asked'; readonly request: RegisterInput; readonly isRepeated: boolean }
  /** A request that reached the server once more: it may have been done. */
  | { readonly kind: 'again'; readonly request: RegisterInput }

export type AskedOperation = Operation<AskedInput, RegisterOutput>

export const askedModel: Model<RegisterState, AskedInput, RegisterOutput> = {
  initial: registerModel.initial,
  step(state, input, output) {
    const { request } = input
    if (input.kind === 'again') return registerModel.step(state, request, null)
    const next = registerModel.step(state, request, output)
    // Asked again, a delete that finds nothing takes it for its own work.
    const isDeleted = request.kind === 'delete' && output?.kind === 'done' && state === null
    return isDeleted && input.isRepeated ? [state] : next
  },
  isSight: ({ request }, output) => registerModel.isSight?.(request, output) ?? false,
  keyOf: (state) => registerModel.keyOf(state),
  describe: (input, output) =>
    `${input.kind === 'again' ? 'perhaps again ' : ''}${registerModel.describe(input.request, output)}`,
}
