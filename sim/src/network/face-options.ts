/** What a server's face is made of. */
import type { ServiceContext, UnaryMethod } from '@tenure/server'
import type { Marks } from '../report/marks.ts'
import type { End } from './connection.ts'
import type { FaceObserver } from './face-observer.ts'

export interface FaceOptions {
  readonly context: ServiceContext
  readonly methods: ReadonlyMap<string, UnaryMethod>
  readonly observer: FaceObserver
  readonly marks: Marks
  /** Whether it speaks Tenure's own protocol: a server of an earlier version does not. */
  readonly speaksOwn: boolean
  readonly nowMs: () => number
}

/** How a stream reaches its client. */
export interface CallWay {
  readonly end: End
  readonly call: number
  /** The call is over. */
  forget(): void
}
