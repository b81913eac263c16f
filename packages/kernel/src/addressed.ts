/** What all events are made of: to whom they go, and what they answer. */
import type { StreamId } from './asked.ts'

export interface Addressed {
  readonly stream: StreamId
}

export interface Answer extends Addressed {
  readonly requestId: bigint
}
