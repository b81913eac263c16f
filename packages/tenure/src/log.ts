/** The server's log lines: JSON for machines, one plain line for people. */
import type { Writable } from 'node:stream'
import type { Log, LogFields } from '@tenure/server'
import { pino } from 'pino'
import type { LogFormat } from './log-format.ts'

export function openLog(format: LogFormat, out: Writable): Log {
  const destination =
    format === 'json' ? out : { write: (line: string) => void out.write(textOf(line)) }
  const logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  return {
    info: (message, fields) => logger.info(plain(fields), message),
    warn: (message, fields) => logger.warn(plain(fields), message),
    error: (message, fields) => logger.error(plain(fields), message),
  }
}

/** JSON knows no bigint. */
function plain(fields: LogFields = {}): Record<string, string | number | boolean> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? value.toString() : value,
    ]),
  )
}

function textOf(line: string): string {
  const entry: Record<string, unknown> = JSON.parse(line)
  const { level, time, msg, ...fields } = entry
  const word = pino.levels.labels[Number(level)] ?? 'info'
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${String(value)}`)
  return `${String(time)} ${word.toUpperCase()} ${String(msg)}${rest.join('')}\n`
}
