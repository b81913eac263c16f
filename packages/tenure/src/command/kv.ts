/** `tenure kv …`: records, one at a time. */
import type { Fence, FenceOptions, LeaseReference, NewRecord, Storage } from '@tenure/client'
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import type { Action, CommandContext } from './context.ts'
import { parseDuration } from './duration.ts'
import { UsageError } from './failure.ts'
import { readData } from './input.ts'
import { addLease } from './kv-lease.ts'
import { addRange } from './kv-range.ts'
import { parseNumber } from './number.ts'
import {
  type KeyOptions,
  keyFields,
  keyOf,
  keyText,
  recordFields,
  tellWritten,
} from './record-output.ts'
import type { Run } from './run.ts'

interface WriteOptions extends KeyOptions {
  readonly fence?: Fence
  readonly lease?: bigint
  readonly ttl?: number
}

interface CasOptions extends KeyOptions {
  readonly fence?: Fence
  readonly ifVersion: bigint
}

interface DeleteOptions extends KeyOptions {
  readonly fence?: Fence
  readonly ifVersion?: bigint
}

const AFTER = `
A value that is not given, or is -, is read from stdin. get prints the value and ends its line; with --json, bytes that are
no text are given in base64. Versions are those of the node: each write has a greater one.
--fence NAME:TOKEN refuses a write unless that grant of the lock NAME is held and the newest: inside "tenure lock NAME"
write --fence "$TENURE_LOCK_NAME:$TENURE_LOCK_TOKEN".

Exit codes: 1 not found, already there, another version, no such lease, fenced off; 64 usage; 69 no server.`

export function addKv(program: Command, run: Run): void {
  const kv = program
    .command('kv')
    .description('work with records: values under keys, with versions and leases')
    .addHelpText('after', AFTER)
  run<KeyOptions>(withKeys(verb(kv, 'get', 'print the value of a record')), get)
  run<WriteOptions>(withLease(withValue(verb(kv, 'put', 'make or replace a record'))), write(put))
  run<WriteOptions>(
    withLease(withValue(verb(kv, 'create', 'make a record; one that exists stays as it is'))),
    write(create),
  )
  const cas = withValue(verb(kv, 'cas', 'replace a record that has not changed since it was read'))
  run<CasOptions>(
    cas.requiredOption('--if-version <version>', 'the version that it must have', parseNumber),
    compareAndSet,
  )
  const remove = withFence(withKeys(verb(kv, 'delete', 'delete a record')))
  run<DeleteOptions>(
    remove.option('--if-version <version>', 'only this version of it', parseNumber),
    deleteRecord,
  )
  addRange(kv, run)
  addLease(kv, run)
}

function verb(kv: Command, name: string, description: string): Command {
  return kv.command(name).description(description).argument('<key>')
}

function withKeys(command: Command): Command {
  return command.option('--base64-keys', 'keys are given in base64')
}

function withFence(command: Command): Command {
  return command.option(
    '--fence <name:token>',
    'write only while this grant is the newest',
    parseFence,
  )
}

function withValue(command: Command): Command {
  return withFence(withKeys(command.argument('[value]', 'text; absent or -: from stdin')))
}

function withLease(command: Command): Command {
  return command
    .option('--lease <id>', 'delete it when this lease ends; 0 takes the lease off', parseNumber)
    .option('--ttl <duration>', 'delete it after this time: makes a lease for it', parseDuration)
}

/** The last colon divides: a name may have others. */
function parseFence(text: string): Fence {
  const { name, token } = /^(?<name>.+):(?<token>\d+)$/s.exec(text)?.groups ?? {}
  if (name === undefined || token === undefined) {
    throw new InvalidArgumentError(`"${text}" is not NAME:TOKEN.`)
  }
  return { name, token: parseNumber(token) }
}

function fenceOf({ fence }: { readonly fence?: Fence }): FenceOptions {
  return fence === undefined ? {} : { fence }
}

async function get(
  context: CommandContext,
  options: KeyOptions,
  [key = '']: readonly string[],
): Promise<number> {
  return context.withStorage(async (storage) => {
    const record = await storage.get(keyOf(key, options), context.signal)
    context.output.bytes(recordFields(record), record.value)
    return 0
  })
}

type Writing = (
  storage: Storage,
  record: NewRecord,
  fence: FenceOptions,
  signal: AbortSignal,
) => Promise<bigint>

const put: Writing = (storage, ...words) => storage.put(...words)
const create: Writing = (storage, ...words) => storage.create(...words)

function write(writing: Writing): Action<WriteOptions> {
  return async (context, options, [typed = '', argument = '-']) => {
    if (options.lease !== undefined && options.ttl !== undefined) {
      throw new UsageError('--lease and --ttl exclude each other: use one of them')
    }
    const key = keyOf(typed, options)
    const record = { key, value: await readData(context, argument) }
    return context.withStorage(async (storage) => {
      const lease = await leaseOf(storage, options, context.signal)
      const leased = lease === undefined ? record : { ...record, lease }
      const version = await writing(storage, leased, fenceOf(options), context.signal)
      tellWritten(context, key, version)
      return 0
    })
  }
}

/** The lease that was named, or a new one. One whose record could not be written ends by itself. */
async function leaseOf(
  storage: Storage,
  { lease, ttl }: WriteOptions,
  signal: AbortSignal,
): Promise<LeaseReference | undefined> {
  return ttl === undefined ? lease : storage.lessor.newLease(ttl, {}, signal)
}

async function compareAndSet(
  context: CommandContext,
  options: CasOptions,
  [typed = '', argument = '-']: readonly string[],
): Promise<number> {
  const key = keyOf(typed, options)
  const changed = { key, value: await readData(context, argument), version: options.ifVersion }
  return context.withStorage(async (storage) => {
    const version = await storage.casByVersion(changed, fenceOf(options), context.signal)
    tellWritten(context, key, version)
    return 0
  })
}

async function deleteRecord(
  context: CommandContext,
  options: DeleteOptions,
  [typed = '']: readonly string[],
): Promise<number> {
  const key = keyOf(typed, options)
  const { ifVersion } = options
  const terms = { ...fenceOf(options), ...(ifVersion === undefined ? {} : { ifVersion }) }
  return context.withStorage(async (storage) => {
    await storage.delete(key, terms, context.signal)
    context.output.datum(keyFields(key), `deleted ${keyText(key)}`)
    return 0
  })
}
