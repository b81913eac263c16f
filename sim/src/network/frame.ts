/** What travels on a simulated connection: the parts of gRPC calls that the product sees. */
import type { CallHeaders } from '@tenure/client'

export type Frame =
  /** Begins a call; `bytes` is the one message of a unary call. */
  | {
      readonly kind: 'open'
      readonly call: number
      readonly path: string
      readonly headers: CallHeaders
      readonly bytes: Uint8Array | null
    }
  | { readonly kind: 'message'; readonly call: number; readonly bytes: Uint8Array }
  /** The client leaves the call. */
  | { readonly kind: 'cancel'; readonly call: number }
  /** The server ends the call in good order. */
  | { readonly kind: 'end'; readonly call: number }
  | {
      readonly kind: 'failed'
      readonly call: number
      readonly code: number
      readonly details: string
    }
  | { readonly kind: 'keep-alive' }
  | { readonly kind: 'keep-alive-answer' }

/** gRPC's numbers of the failures that occur here. */
export const GRPC_CODE = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const
