/** `tenure truba open`: begins work that will be finished, by this process or by a handler. */
import type { Pipe, Task } from '@tenure/client'
import type { Command } from 'commander'
import type { CommandContext } from './context.ts'
import { parseDuration } from './duration.ts'
import { EXIT_DONE } from './exit-code.ts'
import { UsageError } from './failure.ts'
import { useHold } from './hold.ts'
import { TASK_GRACE_MS } from './limits.ts'
import type { FrameOptions } from './record-frames.ts'
import { recordsOf } from './record-frames.ts'
import type { Run } from './run.ts'
import { parseSeconds, themeOf } from './truba-words.ts'

interface OpenOptions extends FrameOptions {
  /** True when no delay is given. */
  readonly store?: number | true
  readonly delete?: boolean
  readonly grace?: number
}

const AFTER = `
A task is driven only as long as this command lives, so it is stored at the end: a handler gets it after the delay. Records come from
the arguments, or from stdin with - or without any: each behind its length (four bytes, the greatest first), or a line each with --lines.
A task whose records cannot all be written is deleted.

With a command behind --: the task stays open while it runs (and stdin is the command's, unless there is a -). The command gets
TENURE_TASK (the id) and TENURE_THEME; when it ends with 0 the task is deleted, else stored. It is stopped when the task is lost.
The exit code is the command's.`

export function addOpen(truba: Command, run: Run): void {
  run<OpenOptions>(
    truba
      .command('open')
      .description('open a task, write its records, print its id, and store it')
      .argument('<theme>', 'which kind of work it is; see tenure truba themes')
      .argument('[record...]', 'what to write down; - stands for stdin')
      .option('--lines', 'stdin has a record a line')
      .option(
        '--store [delay]',
        "store it; it comes back after this time (default: the theme's delay)",
        parseSeconds,
      )
      .option('--delete', 'delete it at once')
      .option(
        '--grace <duration>',
        'from TERM to KILL when the task is lost (default: 2s)',
        parseDuration,
      )
      .addHelpText('after', AFTER),
    open,
  )
}

async function open(
  context: CommandContext,
  options: OpenOptions,
  [word = '', ...words]: readonly string[],
): Promise<number> {
  const command = words.slice(words.length - context.wordsBehindDashes)
  const operands = words.slice(0, words.length - command.length)
  if (options.store !== undefined && options.delete === true) {
    throw new UsageError('--store and --delete exclude each other: use one of them')
  }
  if (options.delete === true && command.length > 0) {
    throw new UsageError('--delete goes without a command: one that ends with 0 deletes the task')
  }
  const theme = themeOf(word)
  const isFromStdin = operands.length === 0 && command.length === 0
  const records = await recordsOf(context, isFromStdin ? ['-'] : operands, options)
  return context.withPipe(async (pipe) => {
    await using task = await write(pipe, { theme, records }, context.signal)
    if (command.length > 0) return await runFor(context, { task, command }, options)
    if (options.delete === true) await task.delete(context.signal)
    else await task.store(delayOf(options), context.signal)
    const id = task.id.toString()
    context.output.datum({ id, theme, records: records.length }, id)
    return EXIT_DONE
  })
}

/** All records or none: nobody is to be handed a half. */
async function write(
  pipe: Pipe,
  { theme, records }: { readonly theme: number; readonly records: readonly Uint8Array[] },
  signal: AbortSignal,
): Promise<Task> {
  const [first, ...others] = records
  const task = await pipe.open(theme, first, signal)
  try {
    await Promise.all(others.map((record) => task.append(record, signal)))
    return task
  } catch (error) {
    await task.delete().catch(() => {})
    throw error
  }
}

interface Running {
  readonly task: Task
  readonly command: readonly string[]
}

async function runFor(
  context: CommandContext,
  { task, command }: Running,
  options: OpenOptions,
): Promise<number> {
  const exitCode = await useHold(context, task, {
    title: `the task ${task.id.toString()}`,
    command,
    environment: { TENURE_TASK: task.id.toString(), TENURE_THEME: String(task.theme) },
    graceMs: options.grace ?? TASK_GRACE_MS,
  })
  if (exitCode === EXIT_DONE) {
    await task.delete()
  } else {
    await task.store(delayOf(options))
    context.output.talk(`stored task ${task.id.toString()} after exit code ${exitCode}`)
  }
  return exitCode
}

function delayOf({ store }: OpenOptions): number | undefined {
  return store === true ? undefined : store
}
