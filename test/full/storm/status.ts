/** The numbers of YDB's statuses that the storm meets. */
export const SUCCESS = 400_000
export const BAD_REQUEST = 400_010
export const ABORTED = 400_040
export const UNAVAILABLE = 400_050
export const TIMEOUT = 400_090
export const BAD_SESSION = 400_100
export const ALREADY_EXISTS = 400_130
export const NOT_FOUND = 400_140
export const SESSION_EXPIRED = 400_150
