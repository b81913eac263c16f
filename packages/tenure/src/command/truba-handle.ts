/** `tenure truba handle`: a command finishes the tasks of a theme. */
import type { HandOut, TaskHandler, ThemeWorker } from '@tenure/client'
import type { Command } from 'commander'
import type { ChildEnd } from '../child/child-group.ts'
import { runWhileHeld } from '../child/held-command.ts'
import type { CommandContext } from './context.ts'
import { parseDuration } from './duration.ts'
import { EXIT_CONFLICT } from './exit-code.ts'
import { UsageError } from './failure.ts'
import type { ForwardedSignal } from './interrupts.ts'
import { InterruptedError } from './interrupts.ts'
import { TASK_GRACE_MS } from './limits.ts'
import type { FrameOptions } from './record-frames.ts'
import { framed } from './record-frames.ts'
import type { Run } from './run.ts'
import { parseWhole, themeOf } from './truba-words.ts'

interface HandleCommandOptions extends FrameOptions {
  readonly concurrency?: number
  readonly grace?: number
}

/** These end the handler; the others are of no concern to it. */
const ENDING: ReadonlySet<ForwardedSignal> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])

const AFTER = `
For each task that is handed out the command is started. It reads the records on stdin, each behind its length (four bytes, the greatest
first), or a line each with --lines; and gets TENURE_TASK (the id), TENURE_ATTEMPT (greater with each hand-out: with the id it names this one),
TENURE_REPEATS (how often the task was handed out, with this time) and TENURE_THEME. A task comes at least once: what the command does has
to bear being done again.

Exit code 0: the work is finished, the task is deleted. 75: it is stored and comes back after the theme's delay. Any other, or a signal: the
same, and the task shows it as its failure. The command is stopped when the task is lost.

INT, TERM, HUP or QUIT: takes no more tasks and waits for those at work. A second one stops them, and stores their tasks.`

export function addHandle(truba: Command, run: Run): void {
  run<HandleCommandOptions>(
    truba
      .command('handle')
      .description('run a command for each task of a theme, until a signal comes')
      .argument('<theme>', 'see tenure truba themes')
      .argument('<command...>', 'what to run for a task, after --')
      .option('--concurrency <n>', 'tasks at a time here (default: 1)', parseWhole)
      .option('--lines', 'give a record a line')
      .option('--grace <duration>', 'from TERM to KILL (default: 2s)', parseDuration)
      .addHelpText('after', AFTER),
    handle,
  )
}

async function handle(
  context: CommandContext,
  options: HandleCommandOptions,
  [word = '', ...command]: readonly string[],
): Promise<number> {
  const theme = themeOf(word)
  if (command.length === 0) {
    throw new UsageError(`there is nothing to run: write tenure truba handle ${theme} -- COMMAND`)
  }
  const { concurrency = 1 } = options
  const ends = new Ends(context)
  try {
    return await context.withPipe(async (pipe) => {
      const handler = handlerOf(context, { command, options, hurry: ends.second })
      await using worker = await pipe.handle(theme, handler, { concurrency }, ends.first)
      await over(worker)
      await worker.close()
      ends.first.throwIfAborted()
      throw worker.signal.reason
    })
  } finally {
    ends.close()
  }
}

/** The first signal that is to end the handler, and the second one. */
class Ends {
  readonly #first = new AbortController()
  readonly #second = new AbortController()
  readonly #undivert: () => void

  constructor({ world, output }: CommandContext) {
    this.#undivert = world.interrupts.divert((signal) => {
      if (!ENDING.has(signal)) return
      const isFirst = !this.#first.signal.aborted
      if (isFirst) output.talk('takes no more tasks; a second signal ends those at work')
      const one = isFirst ? this.#first : this.#second
      one.abort(new InterruptedError(signal))
    })
  }

  get first(): AbortSignal {
    return this.#first.signal
  }

  get second(): AbortSignal {
    return this.#second.signal
  }

  close(): void {
    this.#undivert()
  }
}

/** Settles when the worker is. */
function over({ signal }: ThemeWorker): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

interface Handling {
  readonly command: readonly string[]
  readonly options: HandleCommandOptions
  /** Ends commands that run. */
  readonly hurry: AbortSignal
}

function handlerOf(context: CommandContext, { command, options, hurry }: Handling): TaskHandler {
  const { world, output } = context
  return async (handOut, signal) => {
    const tell = (event: string, more: { readonly failure?: string } = {}): void => {
      const { theme, attempt, task } = handOut
      const id = task.id.toString()
      const said = [event, ...Object.values(more)].join(': ')
      output.datum({ id, theme, attempt, event, ...more }, `${id}: ${said}, attempt ${attempt}`)
    }
    tell('started')
    const end = await runWhileHeld(
      command,
      { signal },
      {
        environment: { ...world.environment, ...environmentOf(handOut) },
        graceMs: options.grace ?? TASK_GRACE_MS,
        clock: world.clock,
        interrupts: null,
        stop: hurry,
        input: framed(handOut.records, options),
      },
    )
    if (end.kind === 'lost') return tell('lost')
    if (end.kind === 'exited' && end.code === 0) return tell('finished')
    if (end.kind === 'exited' && end.code === EXIT_CONFLICT) {
      await handOut.task.store()
      return tell('stored')
    }
    const failure = failureText(end)
    tell('failed', { failure })
    throw new CommandFailedError(command[0], failure)
  }
}

/** Its name and its message are the failure that people read beside the task: `reserve.sh: exit code 3`. */
class CommandFailedError extends Error {
  constructor(program: string | undefined, failure: string) {
    super(failure)
    this.name = program ?? 'command'
  }
}

function environmentOf({ task, attempt, repeats, theme }: HandOut): Record<string, string> {
  return {
    TENURE_TASK: task.id.toString(),
    TENURE_ATTEMPT: String(attempt),
    TENURE_REPEATS: String(repeats),
    TENURE_THEME: String(theme),
  }
}

function failureText(end: ChildEnd): string {
  switch (end.kind) {
    case 'exited':
      return `exit code ${end.code}`
    case 'signalled':
      return `signal ${end.signal}`
    case 'not-started':
    default:
      return end.message
  }
}
