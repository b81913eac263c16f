/** `tenure lock NAME -- CMD…`: runs a command while this process holds the lock. */
import { hostname } from 'node:os'
import type { TryAcquireOptions } from '@tenure/client'
import type { Command } from 'commander'
import type { WaitOptions } from './acquire.ts'
import { acquireWaiting, addWaitOptions, parseCount } from './acquire.ts'
import type { CommandContext } from './context.ts'
import { parseDuration } from './duration.ts'
import { UsageError } from './failure.ts'
import type { HoldOptions } from './hold.ts'
import { graceOf, holdEnvironment, holdingSession, useHold } from './hold.ts'
import type { Run } from './run.ts'

interface LockOptions extends WaitOptions, HoldOptions {
  readonly shared?: boolean
  readonly limit?: bigint
  readonly count?: bigint
  readonly data?: string
}

const AFTER = `
The command gets TENURE_LOCK_NAME, TENURE_LOCK_TOKEN (greater with every grant: pass it to what the lock guards),
TENURE_LOCK_SESSION and TENURE_LOCK_HELD=true. It is stopped (TERM, then KILL) before the lock can pass to another, unless
tenure itself is stopped or sleeps: then only the token, compared by what the lock guards, keeps the command out.
What it leaves running in the background is not covered.

Exit codes: that of the command; 128+n after signal n; 64 usage; 69 no server; 75 not free in time; 76 lock lost;
77 not permitted; 126, 127 the command cannot be run, does not exist.`

export function addLock(program: Command, run: Run): void {
  const command = program
    .command('lock')
    .description('run a command while holding a lock')
    .argument('<name>', 'name of the lock')
    .argument('[command...]', 'what to run, after --')
    .option('--shared', 'share it with other --shared holders; exclusive ones wait')
    .option('--limit <n>', 'let up to n units be held at a time', parseCount)
    .option('--count <k>', 'take k of them (default: 1)', parseCount)
    .option('--data <text>', 'what others see beside the holder (default: host and process)')
    .option(
      '--grace <duration>',
      'from TERM to KILL (default: a fifth of --timeout)',
      parseDuration,
    )
    .addHelpText('after', AFTER)
  run<LockOptions>(addWaitOptions(command), lock)
}

async function lock(
  context: CommandContext,
  options: LockOptions,
  [name = '', ...command]: readonly string[],
): Promise<number> {
  if (command.length === 0) {
    throw new UsageError(`there is nothing to run: write tenure lock ${name} -- COMMAND`)
  }
  const graceMs = graceOf(context, options)
  const request = requestOf(options)
  return context.withSession(
    async (session) => {
      const semaphore = session.semaphore(
        name,
        options.limit === undefined ? {} : { limit: options.limit },
      )
      await using lease = await acquireWaiting(semaphore, request, options, context.signal)
      return await useHold(context, lease, {
        title: `the lock "${name}"`,
        command,
        environment: holdEnvironment(name, lease, session),
        graceMs,
      })
    },
    holdingSession(context, graceMs),
  )
}

function requestOf({ shared, limit, count, data }: LockOptions): TryAcquireOptions {
  const said = data ?? `process ${process.pid} on ${hostname()}`
  if (limit !== undefined) {
    if (shared) throw new UsageError('--shared and --limit exclude each other: use one of them')
    return { count: count ?? 1n, data: said }
  }
  if (count !== undefined)
    throw new UsageError('--count needs --limit: say how many units there are')
  return { count: shared ? 1n : Infinity, ephemeral: true, data: said }
}
