/** A theme of the log: which kind of work its tasks are, and how they come back. */
import type { ThemeMessage, ThemeViewMessage } from '@tenure/protocol'
import { boundedTextOf, kindOf, optionsOf } from '../arguments.ts'
import { outOfRange, wrongType } from '../wrong-argument.ts'
import { secondsOf, themeOf, wholeOf } from './arguments.ts'

export interface ThemeOptions {
  /** For people. Empty by default. */
  readonly name?: string
  /**
   * Where the server takes due tasks to: `grpc://host:port` (see `serveHandlers`), `http://…` or `https://…`. By default nowhere: handlers
   * come to them. A log in this process (`memory:`, `file:`) is taken nowhere either.
   */
  readonly handler?: string
  /** How long the handler there may take for one task. 60 by default; 0: as long as the server lets it. */
  readonly handlerSeconds?: number
  /** From storing a task to its coming back, unless the store says otherwise. 10 by default. */
  readonly delaySeconds?: number
  /** Up to so much is added by chance, so that a mass of failures does not come back as one wave. 0 by default. */
  readonly jitterSeconds?: number
  /** Most tasks that are with handlers at the same time, whoever they are. 16 by default. */
  readonly concurrency?: number
  /** Most hand-outs of a task: stored after the last of them it is dead, and waits for people. `Infinity` by default. */
  readonly maxRepeats?: number
  /** Most bytes of the records of a task together, up to 64 MiB, which is the default. */
  readonly maxBytes?: number
}

export interface ThemeInfo extends Required<ThemeOptions> {
  readonly theme: number
  /** Tasks by their state. */
  readonly active: number
  readonly stored: number
  readonly dead: number
  /** Of the active ones, those that are with handlers. */
  readonly handedOut: number
  /** Who handles the theme at present, each `handle` by itself. */
  readonly handlers: number
}

const NAME_MAX_BYTES = 256
const HANDLER_MAX_BYTES = 1024
const HANDLER_SECONDS = 60
const DELAY_SECONDS = 10
const JITTER_SECONDS = 0
const CONCURRENCY = 16
const CONCURRENCY_BOUNDS = { min: 1, max: 1_000_000 }
/** Without bound. */
const REPEATS_UNBOUNDED = 0xffff_ffff
const REPEATS_BOUNDS = { min: 0, max: REPEATS_UNBOUNDED - 1 }
const TASK_MAX_BYTES = 67_108_864
const GRPC_ENDPOINT = /^grpc:\/\/(?:\[[0-9a-f:.]+\]|[^\s/:@?#[\]]+):(\d{1,5})\/?$/i
const PORT_MAX = 65_535

/** @throws TypeError, RangeError */
export function themeMessageOf(theme: number, options: ThemeOptions): ThemeMessage {
  const {
    name = '',
    handler = '',
    handlerSeconds = HANDLER_SECONDS,
    delaySeconds = DELAY_SECONDS,
    jitterSeconds = JITTER_SECONDS,
    concurrency = CONCURRENCY,
    maxRepeats = Infinity,
    maxBytes = TASK_MAX_BYTES,
  } = optionsOf(options, 'the options of a theme')
  return {
    theme: themeOf(theme),
    name: boundedTextOf(name, 'the name of a theme', NAME_MAX_BYTES),
    handler: handlerOf(handler),
    handlerSeconds: secondsOf(handlerSeconds, 'handlerSeconds of a theme'),
    delaySeconds: secondsOf(delaySeconds, 'delaySeconds of a theme'),
    jitterSeconds: secondsOf(jitterSeconds, 'jitterSeconds of a theme'),
    concurrency: wholeOf(concurrency, 'the concurrency of a theme', CONCURRENCY_BOUNDS),
    repeatsMax:
      maxRepeats === Infinity
        ? REPEATS_UNBOUNDED
        : wholeOf(maxRepeats, 'maxRepeats of a theme', REPEATS_BOUNDS),
    taskBytesMax: wholeOf(maxBytes, 'maxBytes of a theme', { min: 1, max: TASK_MAX_BYTES }),
  }
}

export function themeInfoOf(view: ThemeViewMessage): ThemeInfo {
  const { config, active, stored, dead, handedOut, handlers } = view
  const { theme, name, handler, handlerSeconds, delaySeconds, jitterSeconds, concurrency } = config
  return {
    theme,
    name,
    handler,
    handlerSeconds,
    delaySeconds,
    jitterSeconds,
    concurrency,
    maxRepeats: config.repeatsMax === REPEATS_UNBOUNDED ? Infinity : config.repeatsMax,
    maxBytes: config.taskBytesMax,
    active,
    stored,
    dead,
    handedOut,
    handlers,
  }
}

function handlerOf(handler: string): string {
  if (typeof handler !== 'string') {
    throw wrongType(`the handler of a theme must be a string, got ${kindOf(handler)}`)
  }
  const text = boundedTextOf(handler, 'the handler of a theme', HANDLER_MAX_BYTES)
  if (text === '' || isGrpc(text) || isHttp(text)) return text
  throw outOfRange(
    `the handler of a theme must be grpc://host:port, http://… or https://…, got ${JSON.stringify(text)}`,
  )
}

function isGrpc(text: string): boolean {
  const port = Number(GRPC_ENDPOINT.exec(text)?.[1] ?? 0)
  return port > 0 && port <= PORT_MAX
}

function isHttp(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text)
}
