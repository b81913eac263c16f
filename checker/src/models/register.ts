/**
 * The data of a semaphore: absent, or a value and a limit.
 *
 * Who owns or waits for the semaphore is not known here, so a deletion may always be refused because of them.
 */
import type { Model } from '../history.ts'
import type { Writing } from '../unanswered.ts'

export type RegisterInput =
  | { readonly kind: 'create'; readonly data: string; readonly limit: bigint }
  | { readonly kind: 'update'; readonly data: string }
  | { readonly kind: 'delete' }
  | { readonly kind: 'describe' }

export type RegisterOutput =
  | { readonly kind: 'done' }
  | { readonly kind: 'described'; readonly data: string; readonly limit: bigint }
  | {
      readonly kind: 'refused'
      readonly code: 'ALREADY_EXISTS' | 'NOT_FOUND' | 'PRECONDITION_FAILED'
    }

/** null: there is none. */
export type RegisterState = { readonly data: string; readonly limit: bigint } | null

export const registerModel: Model<RegisterState, RegisterInput, RegisterOutput> = {
  initial: null,
  step: (state, input, output) => {
    if (output?.kind === 'refused') return refuses(state, input, output.code) ? [state] : []
    if (input.kind === 'create') {
      return state === null ? [{ data: input.data, limit: input.limit }] : []
    }
    if (state === null) return []
    if (input.kind === 'update') return [{ ...state, data: input.data }]
    if (input.kind === 'delete') return [null]
    return output === null || shows(output, state) ? [state] : []
  },
  isSight: ({ kind }, output) => kind === 'describe' || output.kind === 'refused',
  keyOf: (state) => (state === null ? 'absent' : `limit ${state.limit} data ${state.data}`),
  describe: (input, output) => `${saidInput(input)} -> ${saidOutput(output)}`,
}

/** An update leaves no trace but its data; a creation does, since others can be refused by it. */
export const registerWriting: Writing<RegisterInput, RegisterOutput> = {
  writtenBy: (input) => (input.kind === 'create' || input.kind === 'update' ? input.data : null),
  seenIn: (_, output) => (output.kind === 'described' ? [output.data] : []),
  isTraceless: ({ kind }) => kind === 'update',
}

function refuses(state: RegisterState, { kind }: RegisterInput, code: string): boolean {
  if (state === null) return code === 'NOT_FOUND' && kind !== 'create'
  if (kind === 'create') return code === 'ALREADY_EXISTS'
  return kind === 'delete' && code === 'PRECONDITION_FAILED'
}

function shows(output: RegisterOutput, { data, limit }: NonNullable<RegisterState>): boolean {
  return output.kind === 'described' && output.data === data && output.limit === limit
}

function saidInput(input: RegisterInput): string {
  if (input.kind === 'create') return `create limit ${input.limit} data ${input.data}`
  return input.kind === 'update' ? `update data ${input.data}` : input.kind
}

function saidOutput(output: RegisterOutput | null): string {
  if (output === null) return 'no answer'
  if (output.kind === 'described') return `limit ${output.limit} data ${output.data}`
  return output.kind === 'refused' ? output.code : output.kind
}
