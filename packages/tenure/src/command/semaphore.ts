/** `tenure semaphore …` and `tenure watch`: the building block itself. */
import type { SemaphoreDescription } from '@tenure/client'
import type { Command } from 'commander'
import type { WaitOptions } from './acquire.ts'
import { acquireWaiting, addWaitOptions, parseCount } from './acquire.ts'
import type { CommandContext } from './context.ts'
import { parseDuration } from './duration.ts'
import type { HoldOptions } from './hold.ts'
import { graceOf, holdEnvironment, holdingSession, useHold } from './hold.ts'
import { readData } from './input.ts'
import { parseNumber } from './number.ts'
import type { JsonValue } from './output.ts'
import { dataFields, shown } from './output.ts'
import type { Run } from './run.ts'

interface AcquireCommandOptions extends WaitOptions, HoldOptions {
  readonly limit?: bigint
  readonly count?: bigint
  readonly ephemeral?: boolean
  readonly data?: string
}

export function addSemaphore(program: Command, run: Run): void {
  const semaphore = program.command('semaphore').description('work with semaphores one by one')
  run<{ limit: bigint; data?: string }>(
    semaphore
      .command('create')
      .description('make a semaphore that stays until it is deleted')
      .argument('<name>')
      .requiredOption('--limit <n>', 'how many units it has', parseCount)
      .option('--data <text>', 'its data; - reads them from stdin'),
    create,
  )
  run(
    semaphore
      .command('describe')
      .description('show it with its owners and its queue')
      .argument('<name>'),
    describe,
  )
  run(
    semaphore
      .command('update')
      .description('replace its data')
      .argument('<name>')
      .argument('<data>', 'text; - reads it from stdin'),
    update,
  )
  run<{ force?: boolean }>(
    semaphore
      .command('delete')
      .description('delete it')
      .argument('<name>')
      .option('--force', 'also while it is held or waited for'),
    remove,
  )
  run<{ session: bigint }>(
    semaphore
      .command('release')
      .description('take from a session what it holds of it, or its place in the queue')
      .argument('<name>')
      .requiredOption('--session <id>', 'whose; see tenure why NAME', parseNumber),
    forceRelease,
  )
  const acquire = semaphore
    .command('acquire')
    .description('take units and keep them until a signal comes, or while a command runs')
    .argument('<name>')
    .argument('[command...]', 'what to run, after --')
    .option('--count <k>', 'how many units (default: 1)', parseCount)
    .option('--limit <n>', 'make the semaphore with this limit when it is absent', parseCount)
    .option('--ephemeral', 'a semaphore that vanishes with its last holder')
    .option('--data <text>', 'what others see beside the holder')
    .option(
      '--grace <duration>',
      'from TERM to KILL (default: a fifth of --timeout)',
      parseDuration,
    )
  run<AcquireCommandOptions>(addWaitOptions(acquire), acquireAndHold)
}

export function addWatch(program: Command, run: Run): void {
  run(
    program
      .command('watch')
      .description('show a semaphore, and show it again after every change')
      .argument('<name>'),
    watch,
  )
}

async function create(
  context: CommandContext,
  { limit, data }: { limit: bigint; data?: string },
  [name = '']: readonly string[],
): Promise<number> {
  const bytes = await readData(context, data ?? '')
  return context.withSession(async (session) => {
    await session.semaphore(name).create({ limit, data: bytes }, context.signal)
    context.output.datum({ name, limit }, `made "${name}" with limit ${limit}`)
    return 0
  })
}

async function describe(
  context: CommandContext,
  _options: object,
  [name = '']: readonly string[],
): Promise<number> {
  return context.withSession(async (session) => {
    const described = await session
      .semaphore(name)
      .describe({ owners: true, waiters: true }, context.signal)
    context.output.datum(semaphoreFields(described), semaphoreText(described))
    return 0
  })
}

async function update(
  context: CommandContext,
  _options: object,
  [name = '', data = '']: readonly string[],
): Promise<number> {
  const bytes = await readData(context, data)
  return context.withSession(async (session) => {
    await session.semaphore(name).update(bytes, context.signal)
    context.output.datum({ name }, `updated "${name}"`)
    return 0
  })
}

async function remove(
  context: CommandContext,
  { force = false }: { force?: boolean },
  [name = '']: readonly string[],
): Promise<number> {
  return context.withSession(async (session) => {
    await session.semaphore(name).delete({ force }, context.signal)
    context.output.datum({ name }, `deleted "${name}"`)
    return 0
  })
}

async function forceRelease(
  context: CommandContext,
  { session }: { session: bigint },
  [name = '']: readonly string[],
): Promise<number> {
  return context.withClient(async (client) => {
    await client.forceRelease(context.path, name, session, context.signal)
    context.output.datum({ name, sessionId: session }, `took "${name}" from session ${session}`)
    return 0
  })
}

async function acquireAndHold(
  context: CommandContext,
  options: AcquireCommandOptions,
  [name = '', ...command]: readonly string[],
): Promise<number> {
  const graceMs = graceOf(context, options)
  return context.withSession(
    async (session) => {
      const { limit, count = 1n, data = '', ephemeral = false } = options
      const semaphore = session.semaphore(name, limit === undefined ? {} : { limit })
      const request = { count, data, ephemeral }
      await using lease = await acquireWaiting(semaphore, request, options, context.signal)
      if (command.length === 0) {
        context.output.datum(
          { name, count, token: lease.token, sessionId: session.id },
          `holds ${count} of "${name}", token ${lease.token}, until a signal comes`,
        )
      }
      return await useHold(context, lease, {
        title: `the hold on "${name}"`,
        command,
        environment: holdEnvironment(name, lease, session),
        graceMs,
      })
    },
    holdingSession(context, graceMs),
  )
}

async function watch(
  context: CommandContext,
  _options: object,
  [name = '']: readonly string[],
): Promise<number> {
  return context.withSession(async (session) => {
    const seen = session
      .semaphore(name)
      .watch({ owners: true, data: true, waiters: true, absent: 'wait' }, context.signal)
    for await (const described of seen) {
      if (described === null)
        context.output.datum({ name, exists: false }, `"${name}" does not exist`)
      else context.output.datum(semaphoreFields(described), semaphoreText(described))
      await context.output.taken(context.signal)
    }
    return 0
  })
}

type HolderFields = SemaphoreDescription['owners'][number]

function semaphoreFields(described: SemaphoreDescription): JsonValue {
  const { name, limit, count, ephemeral, data, owners, waiters } = described
  return {
    name,
    exists: true,
    limit,
    count,
    ephemeral,
    ...dataFields(data),
    owners: owners.map(holderFields),
    waiters: waiters.map(holderFields),
  }
}

function holderFields({ sessionId, orderId, count, data }: HolderFields): JsonValue {
  return { sessionId, token: orderId, count, ...dataFields(data) }
}

function semaphoreText(described: SemaphoreDescription): string {
  const { name, limit, count, ephemeral, data, owners, waiters } = described
  const kind = ephemeral ? ', ephemeral' : ''
  return [
    `"${name}": ${count} of ${limit} held, ${waiters.length} waiting${kind}, data ${shown(data)}`,
    ...owners.map((owner) => `  owner   ${holderText(owner)}`),
    ...waiters.map((waiter) => `  waiter  ${holderText(waiter)}`),
  ].join('\n')
}

function holderText({ sessionId, orderId, count, data }: HolderFields): string {
  return `session ${sessionId}, token ${orderId}, count ${count}: ${shown(data)}`
}
