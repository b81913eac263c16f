/** `tenure work -- CMD…`: shares long-running tasks out among the processes that run this command. */
import type { TaskLease, WorkerTask } from '@tenure/client'
import type { Command } from 'commander'
import { runWhileHeld } from '../child/held-command.ts'
import { parseCount } from './acquire.ts'
import type { CommandContext } from './context.ts'
import { parseDuration } from './duration.ts'
import { EXIT_DONE } from './exit-code.ts'
import { UsageError } from './failure.ts'
import type { HoldOptions } from './hold.ts'
import { exitCodeOf, graceOf, holdingSession } from './hold.ts'
import type { ForwardedSignal } from './interrupts.ts'
import { InterruptedError } from './interrupts.ts'
import type { Run } from './run.ts'

interface WorkOptions extends HoldOptions {
  readonly prefix: string
  readonly tasks: bigint
  readonly capacity?: bigint
  readonly restartDelay?: number
}

/** A command that ends at once is not to be started in a tight loop. */
const RESTART_DELAY_MS = 1_000

/** These end the worker with all its commands; the others go to the commands only. */
const ENDING: ReadonlySet<ForwardedSignal> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])

export function addWork(program: Command, run: Run): void {
  const command = program
    .command('work')
    .description('share tasks among workers: run a command for every task that this worker gets')
    .argument('<command...>', 'what to run for a task, after --')
    .requiredOption('--tasks <n>', 'how many tasks there are, for all workers together', parseCount)
    .option('--prefix <text>', 'task n is the lock PREFIXn, from 0', 'job-')
    .option('--capacity <n>', 'how many tasks this worker runs at a time (default: 1)', parseCount)
    .option(
      '--restart-delay <duration>',
      'how long a task whose command has ended rests before any worker may take it (default: 1s)',
      parseDuration,
    )
    .option(
      '--grace <duration>',
      'from TERM to KILL (default: a fifth of --timeout)',
      parseDuration,
    )
    .addHelpText(
      'after',
      '\nThe command gets TENURE_TASK_NAME, TENURE_TASK_INDEX, TENURE_LOCK_NAME, TENURE_LOCK_TOKEN and TENURE_LOCK_HELD=true.',
    )
  run<WorkOptions>(command, work)
}

async function work(
  context: CommandContext,
  options: WorkOptions,
  command: readonly string[],
): Promise<number> {
  if (command.length === 0)
    throw new UsageError('there is nothing to run: write tenure work … -- COMMAND')
  const graceMs = graceOf(context, options)
  const stopping = new AbortController()
  const undivert = context.world.interrupts.divert((signal) => {
    if (ENDING.has(signal)) stopping.abort(new InterruptedError(signal))
  })
  try {
    await context.withClient((client) =>
      client.workers(
        {
          path: context.path,
          prefix: options.prefix,
          tasks: Number(options.tasks),
          capacity: Number(options.capacity ?? 1n),
          session: {
            timeout: context.timeoutMs,
            createNode: true,
            ...holdingSession(context, graceMs),
          },
          run: (task, lease) => runTask(context, command, { task, lease, options, graceMs }),
        },
        stopping.signal,
      ),
    )
    return EXIT_DONE
  } finally {
    undivert()
  }
}

interface TaskRun {
  readonly task: WorkerTask
  readonly lease: TaskLease
  readonly options: WorkOptions
  readonly graceMs: number
}

/** Never rejects for what a command does: the worker goes on with its other tasks. */
async function runTask(
  context: CommandContext,
  command: readonly string[],
  { task, lease, options, graceMs }: TaskRun,
): Promise<void> {
  const { world, output } = context
  output.datum(
    { task: task.name, index: task.index, event: 'started', token: lease.token },
    `${task.name}: started with token ${lease.token}`,
  )
  const end = await runWhileHeld(command, lease, {
    environment: {
      ...world.environment,
      TENURE_TASK_NAME: task.name,
      TENURE_TASK_INDEX: String(task.index),
      TENURE_LOCK_NAME: task.name,
      TENURE_LOCK_TOKEN: lease.token.toString(),
      TENURE_LOCK_HELD: 'true',
    },
    graceMs,
    clock: world.clock,
    interrupts: world.interrupts,
  })
  if (end.kind === 'lost') {
    output.datum({ task: task.name, index: task.index, event: 'stopped' }, `${task.name}: stopped`)
    return
  }
  const exitCode = exitCodeOf(end, { title: `the task "${task.name}"`, command })
  output.datum(
    { task: task.name, index: task.index, event: 'ended', exitCode },
    `${task.name}: ended with exit code ${exitCode}`,
  )
  await rest(context, options.restartDelay ?? RESTART_DELAY_MS, lease.signal)
}

/** Settles after `delayMs`, or when `signal` aborts. */
function rest({ world }: CommandContext, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = world.clock.after(delayMs, done, true)
    function done(): void {
      timer.cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
  })
}
