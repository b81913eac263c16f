/** Bounds of one host. */
import { DEFAULT_TABLET_LIMITS } from '../tablet/limits.ts'
import type { TabletLimits } from '../tablet/limits.ts'

export interface HostLimits {
  /** A node that nobody uses, and that has no sessions, leaves memory after this time. */
  readonly unusedMs: number
  /** Longest graceful end. What has not been committed by then may have happened or not. */
  readonly closeMs: number
  readonly tablet: TabletLimits
}

export const DEFAULT_HOST_LIMITS: HostLimits = {
  unusedMs: 60_000,
  closeMs: 10_000,
  tablet: DEFAULT_TABLET_LIMITS,
}
