/** The options of `tenure serve`, as they were typed. */
import type { LogFormat } from '../log-format.ts'

export interface ServeCommandOptions {
  readonly data?: string
  readonly engine?: string
  readonly listen: string
  readonly http: string
  readonly database: string
  readonly insecure?: boolean
  readonly users?: string
  readonly logFormat?: LogFormat
}
