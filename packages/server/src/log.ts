/** Where the server says what people should know. Never payload, keys or tickets. */

export type LogFields = Readonly<Record<string, string | number | bigint | boolean>>

export interface Log {
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

export const silentLog: Log = { info() {}, warn() {}, error() {} }

/** What a log line shows of something thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
