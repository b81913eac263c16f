/** YDB's status codes: what an operation, a result or a failure says about itself. */

/** The number of each status on the wire. */
export const STATUS = {
  SUCCESS: 400_000,
  BAD_REQUEST: 400_010,
  UNAUTHORIZED: 400_020,
  INTERNAL_ERROR: 400_030,
  ABORTED: 400_040,
  UNAVAILABLE: 400_050,
  OVERLOADED: 400_060,
  SCHEME_ERROR: 400_070,
  GENERIC_ERROR: 400_080,
  TIMEOUT: 400_090,
  BAD_SESSION: 400_100,
  PRECONDITION_FAILED: 400_120,
  ALREADY_EXISTS: 400_130,
  NOT_FOUND: 400_140,
  SESSION_EXPIRED: 400_150,
  CANCELLED: 400_160,
  UNDETERMINED: 400_170,
  UNSUPPORTED: 400_180,
  SESSION_BUSY: 400_190,
} as const

export type StatusName = keyof typeof STATUS
export type StatusNumber = (typeof STATUS)[StatusName]

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(STATUS).map(([name, number]) => [number, name]),
)

/** What people call a status; an unknown number stands for itself. */
export function statusName(status: number): string {
  return NAMES.get(status) ?? `STATUS_${status}`
}

/** How bad an issue is. */
export const SEVERITY = { FATAL: 0, ERROR: 1, WARNING: 2, INFO: 3 } as const
