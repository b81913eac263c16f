/** The row of all themes of a node's session log: few, and seldom written. */
import { writeU16, writeU32 } from '../bytes.ts'
import type { ThemeConfig } from '../log/command.ts'
import { utf8Length, utf8Text, writeUtf8 } from '../utf8.ts'
import { RowReader, ROW_VERSION } from './row-reader.ts'

/** The seven numbers of a theme. */
const NUMBERS_BYTES = 28

/** @param themes ascending */
export function encodeThemes(themes: readonly ThemeConfig[]): Uint8Array {
  const length = themes.reduce((sum, theme) => sum + bytesOf(theme), 1)
  const value = new Uint8Array(length)
  value[0] = ROW_VERSION
  let at = 1
  for (const config of themes) {
    const { theme, delaySeconds, jitterSeconds, concurrency, repeatsMax } = config
    const { taskBytesMax, handlerSeconds, name, handler } = config
    writeU32(value, at, theme)
    writeU32(value, at + 4, delaySeconds)
    writeU32(value, at + 8, jitterSeconds)
    writeU32(value, at + 12, concurrency)
    writeU32(value, at + 16, repeatsMax)
    writeU32(value, at + 20, taskBytesMax)
    writeU32(value, at + 24, handlerSeconds)
    at = writeText(value, at + NUMBERS_BYTES, name)
    at = writeText(value, at, handler)
  }
  return value
}

/**
 * The themes kept under `THEMES_KEY`.
 *
 * @throws InvariantError when the value cannot be understood
 */
export function decodeThemes(value: Uint8Array): ThemeConfig[] {
  const row: RowReader = new RowReader('themes', value)
  const themes: ThemeConfig[] = []
  let last = -1
  while (row.hasMore) {
    const theme = row.u32()
    row.check(theme > last, 'theme')
    last = theme
    themes.push({
      theme,
      delaySeconds: row.u32(),
      jitterSeconds: row.u32(),
      concurrency: row.u32(),
      repeatsMax: row.u32(),
      taskBytesMax: row.u32(),
      handlerSeconds: row.u32(),
      name: readText(row, 'name'),
      handler: readText(row, 'handler'),
    })
  }
  return themes
}

function bytesOf({ name, handler }: ThemeConfig): number {
  return NUMBERS_BYTES + 4 + utf8Length(name) + utf8Length(handler)
}

function writeText(value: Uint8Array, at: number, text: string): number {
  const bytes = utf8Length(text)
  writeU16(value, at, bytes)
  writeUtf8(value, at + 2, text)
  return at + 2 + bytes
}

function readText(row: RowReader, field: string): string {
  const text = utf8Text(row.bytes(row.u16()))
  row.check(text !== null, field)
  return text
}
