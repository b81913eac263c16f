/**
 * What a server must be like: settings that lose what was acknowledged are refused, unless that was asked for. Looked at on each
 * new connection, since a failover may lead to a server of other settings.
 */
import { EngineError } from '../errors.ts'
import { AwayError } from './failure.ts'
import type { Row, Statement } from './link.ts'

/** The oldest that is accepted: 13, as `server_version_num` says it. */
const VERSION_MIN = 130_000

const SETTINGS = [
  'server_version_num',
  'server_encoding',
  'transaction_read_only',
  'fsync',
  'full_page_writes',
  'synchronous_commit',
  'synchronous_standby_names',
  'zero_damaged_pages',
  'ignore_checksum_failure',
] as const

type Setting = (typeof SETTINGS)[number]

export type Settings = Readonly<Record<Setting, string>>

/** Its one row has what `settingsOf` reads. A setting that a server does not know is null. */
export const ASK_SETTINGS: Statement = {
  text: `SELECT ${SETTINGS.map((name) => `current_setting('${name}', true)`).join(', ')}, pg_is_in_recovery()`,
}

export function settingsOf(row: Row): { settings: Settings; isStandby: boolean } {
  const entries = SETTINGS.map((name, at) => [name, String(row[at] ?? '')])
  const settings: Settings = Object.fromEntries(entries)
  return { settings, isStandby: row[SETTINGS.length] === 't' }
}

/** @throws EngineError for a server that cannot be used; AwayError for one that takes no writes at present */
export function checkUsable(title: string, settings: Settings, isStandby: boolean): void {
  if (!(Number(settings.server_version_num) >= VERSION_MIN)) {
    throw new EngineError(
      `${title}: the server has version ${settings.server_version_num}, at least ${VERSION_MIN} is needed`,
    )
  }
  if (settings.server_encoding !== 'UTF8') {
    throw new EngineError(
      `${title}: the database is encoded in ${settings.server_encoding}: make one with ENCODING 'UTF8'`,
    )
  }
  if (isStandby) throw new AwayError(`${title}: a standby, which takes no writes`)
  if (settings.transaction_read_only === 'on') {
    throw new AwayError(`${title}: default_transaction_read_only is on`)
  }
}

/** One sentence for each setting by which acknowledged writes may be lost. */
export function dangersOf(settings: Settings): readonly string[] {
  const dangers: string[] = []
  const off = (name: Setting, value: string, harm: string): void => {
    if (settings[name] === value) dangers.push(`${name} is ${value}: ${harm}`)
  }
  off('fsync', 'off', 'a crash of the machine may lose or damage everything')
  off('full_page_writes', 'off', 'a crash of the machine may damage pages')
  off('synchronous_commit', 'off', 'a crash of the server loses what was acknowledged')
  if (settings.synchronous_standby_names !== '') {
    for (const level of ['local', 'remote_write']) {
      const harm =
        'a failover may lose what was acknowledged, although there are synchronous standbys'
      off('synchronous_commit', level, harm)
    }
  }
  off('zero_damaged_pages', 'on', 'what is damaged is read as if it had never been')
  off('ignore_checksum_failure', 'on', 'what is damaged is read as if it were whole')
  return dangers
}
