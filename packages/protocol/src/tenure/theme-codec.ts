/** Themes of the session log: their settings, and what is going on in them. */
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'
import type { WireWriter } from '../wire-writer.ts'
import type { ThemeMessage } from './task-operation.ts'
import type { ThemeViewMessage } from './task-reply.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** What the settings are when they are left out. */
export const NO_THEME: ThemeMessage = {
  theme: 0,
  name: '',
  handler: '',
  handlerSeconds: 0,
  delaySeconds: 0,
  jitterSeconds: 0,
  concurrency: 0,
  repeatsMax: 0,
  taskBytesMax: 0,
}

export function writeTheme(writer: WireWriter, config: ThemeMessage): void {
  const start = writer.beginMessage(1)
  writer.u32Field(1, config.theme)
  writer.textField(2, config.name)
  writer.textField(3, config.handler)
  writer.u32Field(4, config.handlerSeconds)
  writer.u32Field(5, config.delaySeconds)
  writer.u32Field(6, config.jitterSeconds)
  writer.u32Field(7, config.concurrency)
  writer.u32Field(8, config.repeatsMax)
  writer.u32Field(9, config.taskBytesMax)
  writer.endMessage(start)
}

/** Reads the settings at which the reader stands. */
export function readTheme(reader: WireReader): ThemeMessage {
  const outerEnd = reader.enter()
  const config: Mutable<ThemeMessage> = { ...NO_THEME }
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT) readThemeNumber(reader, config)
    else if (wireType !== BYTES) reader.skip()
    else if (field === 2) config.name = reader.text()
    else if (field === 3) config.handler = reader.text()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return config
}

function readThemeNumber(reader: WireReader, config: Mutable<ThemeMessage>): void {
  const { field } = reader
  if (field === 1) config.theme = reader.u32()
  else if (field === 4) config.handlerSeconds = reader.u32()
  else if (field === 5) config.delaySeconds = reader.u32()
  else if (field === 6) config.jitterSeconds = reader.u32()
  else if (field === 7) config.concurrency = reader.u32()
  else if (field === 8) config.repeatsMax = reader.u32()
  else if (field === 9) config.taskBytesMax = reader.u32()
  else reader.skip()
}

export function writeThemeView(writer: WireWriter, view: ThemeViewMessage): void {
  const start = writer.beginMessage(1)
  writeTheme(writer, view.config)
  writer.u32Field(2, view.active)
  writer.u32Field(3, view.stored)
  writer.u32Field(4, view.dead)
  writer.u32Field(5, view.handedOut)
  writer.u32Field(6, view.handlers)
  writer.endMessage(start)
}

/** Reads the view at which the reader stands. */
export function readThemeView(reader: WireReader): ThemeViewMessage {
  const outerEnd = reader.enter()
  let config = NO_THEME
  let active = 0
  let stored = 0
  let dead = 0
  let handedOut = 0
  let handlers = 0
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 1) config = readTheme(reader)
    else if (wireType !== VARINT) reader.skip()
    else if (field === 2) active = reader.u32()
    else if (field === 3) stored = reader.u32()
    else if (field === 4) dead = reader.u32()
    else if (field === 5) handedOut = reader.u32()
    else if (field === 6) handlers = reader.u32()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { config, active, stored, dead, handedOut, handlers }
}
