/** `tenure truba themes` and `tenure truba theme`: which kinds of work there are. */
import type { Pipe, ThemeInfo, ThemeOptions } from '@tenure/client'
import type { Command } from 'commander'
import type { CommandContext } from './context.ts'
import { EXIT_DONE } from './exit-code.ts'
import { UsageError } from './failure.ts'
import type { Run } from './run.ts'
import { themeFields, themeText } from './truba-output.ts'
import { parseSeconds, parseWhole, themeOf } from './truba-words.ts'

interface ThemeCommandOptions {
  readonly name?: string
  readonly handler?: string
  readonly handlerSeconds?: number
  readonly delay?: number
  readonly jitter?: number
  readonly concurrency?: number
  readonly maxRepeats?: number
  readonly maxBytes?: number
}

const AFTER = `
What is not given stays as it is, or has its default in a new theme, which needs a --name. Tasks that are there already go by the new
settings when they are stored the next time. An empty --handler takes the handler away; "--max-repeats none" lets tasks come back without
end. Themes that a configuration file of the server names are set again by the server when it starts.`

export function addThemes(truba: Command, run: Run): void {
  run(
    truba
      .command('themes')
      .description('show the themes: their settings, and how many tasks each has'),
    themes,
  )
  run<ThemeCommandOptions>(
    truba
      .command('theme')
      .description('make a theme known, or change its settings')
      .argument('<theme>', 'its number, 0 to 2^32-1')
      .option('--name <text>', 'for people')
      .option(
        '--handler <url>',
        'where the server takes tasks to: grpc://host:port, http://… or https://… (default: nowhere, handlers come)',
      )
      .option(
        '--handler-seconds <duration>',
        'how long the handler there may take for a task; 0: as long as it likes (default: 60s)',
        parseSeconds,
      )
      .option('--delay <duration>', 'from storing to coming back (default: 10s)', parseSeconds)
      .option('--jitter <duration>', 'up to so much is added by chance (default: 0)', parseSeconds)
      .option('--concurrency <n>', 'tasks with handlers at a time (default: 16)', parseWhole)
      .option(
        '--max-repeats <n>',
        'hand-outs after which a stored task is dead; none: no bound (default: none)',
        parseRepeats,
      )
      .option('--max-bytes <n>', 'of the records of a task together (default: 64 MiB)', parseWhole)
      .addHelpText('after', AFTER),
    configure,
  )
}

function parseRepeats(text: string): number {
  return text === 'none' ? Infinity : parseWhole(text)
}

function themes(context: CommandContext): Promise<number> {
  return context.withPipe(async (pipe) => {
    for (const theme of await pipe.themes(context.signal)) {
      context.output.datum(themeFields(theme), themeText(theme))
    }
    return EXIT_DONE
  })
}

function configure(
  context: CommandContext,
  options: ThemeCommandOptions,
  [word = '']: readonly string[],
): Promise<number> {
  const theme = themeOf(word)
  return context.withPipe(async (pipe) => {
    const present = await settingsOf(pipe, theme, context.signal)
    if (present === null && options.name === undefined) {
      throw new UsageError(`theme ${theme} is new: say with --name what it is`)
    }
    await pipe.configure(theme, { ...present, ...given(options) }, context.signal)
    context.output.datum({ theme }, `theme ${theme} is configured`)
    return EXIT_DONE
  })
}

async function settingsOf(
  pipe: Pipe,
  theme: number,
  signal: AbortSignal,
): Promise<ThemeOptions | null> {
  const found = (await pipe.themes(signal)).find((info) => info.theme === theme)
  return found === undefined ? null : settingsIn(found)
}

function settingsIn(info: ThemeInfo): ThemeOptions {
  const { name, handler, handlerSeconds, delaySeconds, jitterSeconds } = info
  const { concurrency, maxRepeats, maxBytes } = info
  const times = { handlerSeconds, delaySeconds, jitterSeconds }
  return { name, handler, ...times, concurrency, maxRepeats, maxBytes }
}

function given({ delay, jitter, ...options }: ThemeCommandOptions): ThemeOptions {
  return {
    ...options,
    ...(delay === undefined ? {} : { delaySeconds: delay }),
    ...(jitter === undefined ? {} : { jitterSeconds: jitter }),
  }
}
