/** The options of `tenure serve`, as they were typed, and what they come to with a configuration file. */
import { DEFAULT_DATABASE, DEFAULT_HTTP, DEFAULT_LISTEN } from '../address.ts'
import type { FileSettings } from '../config/config-file.ts'
import type { LogFormat } from '../log-format.ts'
import { UsageError } from './failure.ts'

export interface ServeCommandOptions {
  readonly config?: string
  readonly data?: string
  readonly engine?: string
  readonly listen?: string
  readonly http?: string
  readonly database?: string
  readonly advertise?: string
  readonly notice?: string
  readonly allowUnsafeEngine?: boolean
  readonly insecure?: boolean
  readonly users?: string
  readonly logFormat?: LogFormat
}

export interface ServeSettings {
  readonly engine: string
  readonly listen: string
  readonly http: string
  readonly database: string
  /** null: where it listens. */
  readonly advertise: string | null
  /** null: as the server has it. */
  readonly notice: string | null
  readonly allowUnsafeEngine: boolean
  readonly insecure: boolean
  readonly users: string | null
  /** null: as the terminal is. */
  readonly logFormat: LogFormat | null
}

/** What was typed counts, then the file, then the default. */
export function settingsOf(
  options: ServeCommandOptions,
  file: Partial<FileSettings>,
): ServeSettings {
  if (options.data !== undefined && options.engine !== undefined) {
    throw new UsageError('--data and --engine exclude each other: --data DIR is --engine file:DIR')
  }
  return { ...DEFAULTS, ...given(file), ...given(options) }
}

const DEFAULTS: ServeSettings = {
  engine: 'memory:',
  listen: DEFAULT_LISTEN,
  http: DEFAULT_HTTP,
  database: DEFAULT_DATABASE,
  advertise: null,
  notice: null,
  allowUnsafeEngine: false,
  insecure: false,
  users: null,
  logFormat: null,
}

/** The settings that are there. */
function given({ data, engine, ...rest }: Partial<FileSettings>): Partial<ServeSettings> {
  const settings = { ...rest, engine: data === undefined ? engine : `file:${data}` }
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
}

/** The settings that are not the same. */
export function differences(
  one: ServeSettings,
  other: ServeSettings,
): readonly (keyof ServeSettings)[] {
  return SETTINGS.filter((name) => one[name] !== other[name])
}

const SETTINGS = [
  'engine',
  'listen',
  'http',
  'database',
  'advertise',
  'notice',
  'allowUnsafeEngine',
  'insecure',
  'users',
  'logFormat',
] as const satisfies readonly (keyof ServeSettings)[]
