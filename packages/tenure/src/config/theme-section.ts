/** One theme in the configuration file. */
import type { ThemeOptions } from '@tenure/client'
import { parseEndpoint } from '@tenure/server'
import type { Place, Reading } from './section.ts'
import { Section } from './section.ts'

const NUMBERS = {
  delaySeconds: { min: 0, max: 2 ** 31 },
  jitterSeconds: { min: 0, max: 2 ** 31 },
  concurrency: { min: 1, max: 1_000_000 },
  maxRepeats: { min: 0, max: 2 ** 32 - 2 },
  maxBytes: { min: 1, max: 67_108_864 },
  handlerSeconds: { min: 0, max: 2 ** 31 },
} as const

const THEME_MAX = 2 ** 32 - 1
const NAME_BYTES_MAX = 256
const HANDLER_BYTES_MAX = 1024

/** What the file says of the theme; what is wrong is noted. */
export function readTheme(reading: Reading, number: string, place: Place): ThemeOptions {
  const section = new Section(reading, place, ['name', 'handler', ...Object.keys(NUMBERS)])
  if (!/^\d{1,10}$/.test(number) || Number(number) > THEME_MAX) {
    const wanted = `must be a number from 0 to ${THEME_MAX}: that is how programs name the theme`
    reading.problems.add(place.offset, `${place.trail} ${wanted}`)
  }
  const numbers = Object.entries(NUMBERS).map(([key, bounds]) => [
    key,
    section.wholeNumber(key, bounds),
  ])
  const texts = [
    ['name', section.text('name', NAME_BYTES_MAX)],
    ['handler', handlerOf(section)],
  ]
  return Object.fromEntries([...texts, ...numbers].filter(([, value]) => value !== undefined))
}

function handlerOf(section: Section): string | undefined {
  const handler = section.text('handler', HANDLER_BYTES_MAX)
  if (handler !== undefined && parseEndpoint(handler) === null) {
    const wanted = 'must be grpc://host:port, http://host:port/path or https://host/path'
    section.note('handler', `${wanted}, got ${JSON.stringify(handler)}`)
  }
  return handler
}
