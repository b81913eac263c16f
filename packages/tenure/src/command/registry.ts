/** `tenure registry …`: who is there, and what each says of itself. */
import type { Endpoint, Session } from '@tenure/client'
import type { Command } from 'commander'
import type { CommandContext } from './context.ts'
import { parseDuration } from './duration.ts'
import type { HoldOptions } from './hold.ts'
import { graceOf, holdingSession, useHold } from './hold.ts'
import { readData } from './input.ts'
import { dataFields, shown } from './output.ts'
import type { Run } from './run.ts'

export function addRegistry(program: Command, run: Run): void {
  const registry = program.command('registry').description('announce and find endpoints')
  run<HoldOptions>(
    registry
      .command('register')
      .description('be in the registry until a signal comes, or while a command runs')
      .argument('<name>', 'name of the registry')
      .argument('<data>', 'what others see, such as host:port; - reads it from stdin')
      .argument('[command...]', 'what to run, after --')
      .option(
        '--grace <duration>',
        'from TERM to KILL (default: a fifth of --timeout)',
        parseDuration,
      ),
    register,
  )
  run(
    registry
      .command('list')
      .description('show who is there')
      .argument('<name>', 'name of the registry'),
    list,
  )
  run(
    registry
      .command('watch')
      .description('show who is there, and again after every change')
      .argument('<name>', 'name of the registry'),
    watch,
  )
}

async function register(
  context: CommandContext,
  options: HoldOptions,
  [name = '', data = '', ...command]: readonly string[],
): Promise<number> {
  const graceMs = graceOf(context, options)
  const bytes = await readData(context, data)
  return context.withSession(
    async (session) => {
      await using entry = await session.registry(name).register(bytes, context.signal)
      if (command.length === 0) {
        context.output.datum(
          { name, sessionId: session.id, ...dataFields(bytes) },
          `registered in "${name}" until a signal comes`,
        )
      }
      return await useHold(context, entry, {
        title: `the entry in "${name}"`,
        command,
        environment: { TENURE_REGISTRY_NAME: name, TENURE_REGISTRY_SESSION: session.id.toString() },
        graceMs,
      })
    },
    holdingSession(context, graceMs),
  )
}

async function list(
  context: CommandContext,
  _options: object,
  [name = '']: readonly string[],
): Promise<number> {
  return context.withSession(async (session) => {
    for await (const endpoints of session.registry(name).watch(context.signal)) {
      show(context, name, endpoints)
      break
    }
    return 0
  })
}

async function watch(
  context: CommandContext,
  _options: object,
  [name = '']: readonly string[],
): Promise<number> {
  return context.withSession(async (session: Session) => {
    for await (const endpoints of session.registry(name).watch(context.signal)) {
      show(context, name, endpoints)
      await context.output.taken(context.signal)
    }
    return 0
  })
}

function show(context: CommandContext, name: string, endpoints: readonly Endpoint[]): void {
  const lines = endpoints.map(({ sessionId, data }) => `  session ${sessionId}: ${shown(data)}`)
  context.output.datum(
    {
      name,
      endpoints: endpoints.map(({ sessionId, data }) => ({ sessionId, ...dataFields(data) })),
    },
    [`"${name}": ${endpoints.length} registered`, ...lines].join('\n'),
  )
}
