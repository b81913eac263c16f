/** `tenure elect NAME -- CMD…`: runs a command while this process leads. `--observe` follows who leads. */
import { hostname } from 'node:os'
import type { LeadershipState } from '@tenure/client'
import { AbortedError, SessionExpiredError, UnavailableError } from '@tenure/client'
import type { Command } from 'commander'
import type { CommandContext } from './context.ts'
import { parseDuration } from './duration.ts'
import { EXIT_LOST } from './exit-code.ts'
import { CommandFailure, UsageError } from './failure.ts'
import type { HoldOptions } from './hold.ts'
import { graceOf, holdEnvironment, holdingSession, useHold } from './hold.ts'
import type { JsonValue } from './output.ts'
import { dataFields, shown } from './output.ts'
import type { Run } from './run.ts'

interface ElectOptions extends HoldOptions {
  readonly observe?: boolean
  readonly rejoin?: boolean
  readonly data?: string
}

export function addElect(program: Command, run: Run): void {
  const command = program
    .command('elect')
    .description('run a command while being the leader')
    .argument('<name>', 'name of the election')
    .argument('[command...]', 'what to run, after --')
    .option('--observe', 'follow who leads, without taking part')
    .option('--rejoin', 'campaign again when leadership was lost, and run the command anew')
    .option('--data <text>', 'what observers see of the leader (default: host and process)')
    .option(
      '--grace <duration>',
      'from TERM to KILL (default: a fifth of --timeout)',
      parseDuration,
    )
  run<ElectOptions>(command, elect)
}

async function elect(
  context: CommandContext,
  options: ElectOptions,
  [name = '', ...command]: readonly string[],
): Promise<number> {
  if (options.observe && command.length > 0) {
    throw new UsageError('--observe and a command exclude each other: use one of them')
  }
  if (options.observe) return observe(context, name)
  if (command.length === 0) {
    throw new UsageError(`there is nothing to run: write tenure elect ${name} -- COMMAND`)
  }
  for (let wasThere = false; ; wasThere = true) {
    try {
      return await leadOnce(context, options, [name, ...command])
    } catch (error) {
      if (options.rejoin !== true || !mayComeBack(error, wasThere)) throw error
      context.output.talk(`${messageOf(error)}; campaigning again`)
    }
  }
}

/** After a loss, of the leadership or of the place in the queue. Who was there once waits for a server that is away, too. */
function mayComeBack(error: unknown, wasThere: boolean): boolean {
  if (error instanceof CommandFailure) return error.exitCode === EXIT_LOST
  if (error instanceof UnavailableError) return wasThere
  return error instanceof SessionExpiredError || error instanceof AbortedError
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function leadOnce(
  context: CommandContext,
  options: ElectOptions,
  [name = '', ...command]: readonly string[],
): Promise<number> {
  const graceMs = graceOf(context, options)
  const data = options.data ?? `process ${process.pid} on ${hostname()}`
  return context.withSession(
    async (session) => {
      await using leadership = await session.election(name).campaign(data, context.signal)
      return await useHold(context, leadership, {
        title: `the leadership of "${name}"`,
        command,
        environment: holdEnvironment(name, leadership, session),
        graceMs,
      })
    },
    holdingSession(context, graceMs),
  )
}

async function observe(context: CommandContext, name: string): Promise<number> {
  return context.withSession(async (session) => {
    for await (const state of session.election(name).observe(context.signal)) {
      context.output.datum(stateFields(name, state), stateText(state))
      await context.output.taken(context.signal)
    }
    return 0
  })
}

function stateFields(name: string, { leader }: LeadershipState): JsonValue {
  if (leader === null) return { name, leader: null }
  const { sessionId, term, data } = leader
  return { name, leader: { sessionId, term, ...dataFields(data) } }
}

function stateText({ leader }: LeadershipState): string {
  if (leader === null) return 'nobody leads'
  return `session ${leader.sessionId} leads in term ${leader.term}: ${shown(leader.data)}`
}
