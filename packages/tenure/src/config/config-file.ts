/**
 * The configuration file of a server: what `tenure serve` can be told with options, and the themes of coordination nodes.
 *
 * It is read as a whole: every problem is found, with its line, before anything is done.
 */
import { readFileSync } from 'node:fs'
import type { ThemeOptions } from '@tenure/client'
import { canonicalDatabase, canonicalPath } from '@tenure/server'
import { LineCounter, parseDocument } from 'yaml'
import { DEFAULT_DATABASE } from '../address.ts'
import { parseEngine } from '../engine-url.ts'
import { LOG_FORMATS } from '../log-format.ts'
import type { LogFormat } from '../log-format.ts'
import type { NodeSetup } from '../node-setup.ts'
import { noticeMsOf } from '../duration.ts'
import { parseListen } from '../serve.ts'
import type { Place, Reading } from './section.ts'
import { Problems, Section } from './section.ts'
import { readTheme } from './theme-section.ts'

/** The settings that the command has options for, too. */
export interface FileSettings {
  readonly listen: string | undefined
  readonly http: string | undefined
  readonly database: string | undefined
  readonly data: string | undefined
  readonly engine: string | undefined
  readonly advertise: string | undefined
  readonly notice: string | undefined
  readonly allowUnsafeEngine: boolean | undefined
  readonly insecure: boolean | undefined
  readonly users: string | undefined
  readonly logFormat: LogFormat | undefined
}

export interface ConfigFile {
  readonly settings: FileSettings
  readonly nodes: readonly NodeSetup[]
}

/** The file cannot be followed. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  /** One for each problem, in the order of lines. */
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

const SETTINGS = [
  'listen',
  'http',
  'database',
  'data',
  'engine',
  'advertise',
  'notice',
  'allowUnsafeEngine',
  'insecure',
  'users',
  'logFormat',
] as const

/**
 * @param file its name, as people know it
 * @param database what the command line says; the file's own when absent
 * @throws ConfigError with all that is wrong in the file, or with why it cannot be read
 */
export function readConfigFile(file: string, database?: string): ConfigFile {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError([`${file} cannot be read: ${reason}`])
  }
  return parseConfig(text, { file, database })
}

/** @throws ConfigError with all that is wrong */
export function parseConfig(
  text: string,
  options: { readonly file: string; readonly database?: string | undefined },
): ConfigFile {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
  })
  const problems = new Problems(options.file, lines)
  for (const { pos, message } of [...document.errors, ...document.warnings]) {
    problems.add(pos[0], message)
  }
  const config = readAll({ document, problems }, options.database)
  if (problems.texts.length > 0) throw new ConfigError(problems.texts)
  return config
}

function readAll(reading: Reading, database: string | undefined): ConfigFile {
  const root: Place = { trail: '', offset: 0, node: reading.document.contents }
  const section = new Section(reading, root, [...SETTINGS, 'nodes'])
  const settings = readSettings(section)
  const base = database ?? settings.database ?? DEFAULT_DATABASE
  const nodes = new Map<string, NodeSetup>()
  for (const [key, place] of section.entries('nodes')) {
    const node = new Section(reading, place, ['themes'])
    const themes = node.entries('themes').map(([number, entry]): [string, ThemeOptions] => {
      return [number, readTheme(reading, number, entry)]
    })
    const path = pathOf(reading, { key, place, database: base })
    if (nodes.has(path)) {
      reading.problems.add(place.offset, `${place.trail} is another spelling of ${path}`)
    }
    nodes.set(path, { path, themes: Object.fromEntries(themes) })
  }
  return { settings, nodes: [...nodes.values()] }
}

function readSettings(section: Section): FileSettings {
  const settings = {
    listen: checked(section, 'listen', parseListen),
    http: checked(section, 'http', parseListen),
    database: checked(section, 'database', canonicalDatabase),
    data: section.text('data'),
    engine: checked(section, 'engine', parseEngine),
    advertise: checked(section, 'advertise', parseListen),
    notice: checked(section, 'notice', noticeMsOf),
    allowUnsafeEngine: section.flag('allowUnsafeEngine'),
    insecure: section.flag('insecure'),
    users: section.text('users'),
    logFormat: formatOf(section),
  }
  if (settings.data !== undefined && settings.engine !== undefined) {
    section.note('engine', 'and data exclude each other: "data: DIR" is "engine: file:DIR"')
  }
  return settings
}

/** @param parse throws a RangeError for what cannot be */
function checked(
  section: Section,
  key: string,
  parse: (text: string) => unknown,
): string | undefined {
  const text = section.text(key)
  if (text === undefined) return undefined
  try {
    parse(text)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    section.note(key, `cannot be so: ${error.message}`)
  }
  return text
}

function formatOf(section: Section): LogFormat | undefined {
  const format = section.text('logFormat')
  const known = LOG_FORMATS.find((one) => one === format)
  if (format !== undefined && known === undefined) {
    section.note('logFormat', `must be ${LOG_FORMATS.join(' or ')}, got "${format}"`)
  }
  return known
}

function pathOf(
  { problems }: Reading,
  { key, place, database }: { key: string; place: Place; database: string },
): string {
  const found = canonicalPath(key, database, database)
  if (found.kind === 'path') return found.path
  problems.add(place.offset, `${place.trail} is no path of a coordination node: ${found.message}`)
  return key
}
