/**
 * What the small machines of one kernel share: the step at hand, the counters, the deadlines and the limits.
 */
import type { Counters } from './counters.ts'
import type { Deadlines } from './deadlines.ts'
import type { Holder } from './holder.ts'
import type { Limits } from './limits.ts'
import type { Outside } from './outside.ts'
import type { RecordLease } from './records/leases.ts'
import type { Session } from './session.ts'
import type { Turn } from './step.ts'

export interface Root {
  readonly limits: Limits
  readonly turn: Turn
  readonly counters: Counters
  readonly outside: Outside
  /** Detached sessions, waiters whose time is limited, and record leases that nobody keeps. */
  readonly deadlines: Deadlines<Session | Holder | RecordLease>
}
