/** `tenure kv lease …`: leases of records. */
import type { RecordLease } from '@tenure/client'
import type { Command } from 'commander'
import type { CommandContext } from './context.ts'
import { parseDuration } from './duration.ts'
import { UsageError } from './failure.ts'
import { type HoldOptions, useHold } from './hold.ts'
import { GRACE_SHARE } from './limits.ts'
import { numberOf } from './number.ts'
import type { Run } from './run.ts'

interface GrantOptions extends HoldOptions {
  readonly ttl: number
  readonly keepAlive?: boolean
}

const AFTER = `
Without --keep-alive the lease ends by itself after its ttl. With it the lease lives until a signal comes, or as long as
the command runs, and its ttl beyond a tenure that was killed. The command gets TENURE_LEASE_ID, and is stopped when the
lease is lost.`

export function addLease(kv: Command, run: Run): void {
  const lease = kv.command('lease').description('leases: records end with the lease they are under')
  run<GrantOptions>(
    lease
      .command('grant')
      .description('make a lease, and print its id')
      .argument('[command...]', 'with --keep-alive: what to run, after --')
      .requiredOption('--ttl <duration>', 'how long it lives, up to a day', parseDuration)
      .option('--keep-alive', 'keep it alive until a signal comes, or while the command runs')
      .option('--grace <duration>', 'from TERM to KILL (default: a fifth of --ttl)', parseDuration)
      .addHelpText('after', AFTER),
    grant,
  )
  run(lease.command('show').description('show how long it lives').argument('<id>'), show)
  run(
    lease.command('release').description('end it, and delete its records').argument('<id>'),
    release,
  )
}

async function grant(
  context: CommandContext,
  { ttl, keepAlive = false, grace }: GrantOptions,
  command: readonly string[],
): Promise<number> {
  if (command.length > 0 && !keepAlive) {
    throw new UsageError('a command needs --keep-alive: without it nobody keeps the lease for it')
  }
  return context.withStorage(async (storage) => {
    const lease = await storage.lessor.newLease(ttl, { keepAlive }, context.signal)
    if (command.length === 0) tell(context, lease, `lease ${lease.id} for ${ttl}ms`)
    if (!keepAlive) return 0
    await using held = lease
    return await useHold(context, held, {
      title: `the record lease ${held.id}`,
      command,
      environment: { TENURE_LEASE_ID: held.id.toString() },
      graceMs: grace ?? Math.floor(ttl * GRACE_SHARE),
    })
  })
}

async function show(
  context: CommandContext,
  _options: object,
  [id = '']: readonly string[],
): Promise<number> {
  return context.withStorage(async (storage) => {
    const lease = await storage.lessor.getLease(numberOf(id), context.signal)
    tell(context, lease, `lease ${lease.id}: ${Math.round(lease.ttl)}ms of ${lease.ttlMs}ms remain`)
    return 0
  })
}

async function release(
  context: CommandContext,
  _options: object,
  [id = '']: readonly string[],
): Promise<number> {
  return context.withStorage(async (storage) => {
    const lease = await storage.lessor.getLease(numberOf(id), context.signal)
    await lease.release(context.signal)
    context.output.datum({ id: lease.id }, `ended lease ${lease.id}`)
    return 0
  })
}

function tell({ output }: CommandContext, lease: RecordLease, text: string): void {
  const { id, ttl, ttlMs } = lease
  output.datum({ id, ttlMs, remainingMs: Math.round(ttl) }, text)
}
