/** `tenure kv range` and `tenure kv watch`: many records. */
import type { KeyRange, RangeOptions, RecordChange, WatchBatch } from '@tenure/client'
import { KEY_MAX_BYTES } from '@tenure/client'
import type { Command } from 'commander'
import { parseCount } from './acquire.ts'
import type { CommandContext } from './context.ts'
import { UsageError } from './failure.ts'
import { parseNumber } from './number.ts'
import type { JsonValue } from './output.ts'
import {
  type KeyOptions,
  keyFields,
  keyOf,
  keyText,
  recordFields,
  recordText,
} from './record-output.ts'
import type { Run } from './run.ts'

interface BoundOptions extends KeyOptions {
  readonly prefix?: string
}

interface RangeCommandOptions extends BoundOptions {
  readonly limit?: bigint
  readonly cursor?: string
}

interface WatchCommandOptions extends BoundOptions {
  readonly fromVersion?: bigint
}

export function addRange(kv: Command, run: Run): void {
  run<RangeCommandOptions>(
    withBounds(kv.command('range').description('show the records of a range of keys'))
      .option('--limit <n>', 'so many at most', parseCount)
      .option('--cursor <key>', 'only what comes after this key: the last one shown before'),
    range,
  )
  run<WatchCommandOptions>(
    withBounds(
      kv
        .command('watch')
        .description('show the records of a range of keys, then every change among them'),
    ).option('--from-version <version>', 'only the changes after this version', parseNumber),
    watch,
  )
}

function withBounds(command: Command): Command {
  return command
    .argument('[start]', 'the first key; all keys without it')
    .argument('[end]', 'the last key, which belongs to the range')
    .option('--prefix <text>', 'all keys that begin with this')
    .option('--base64-keys', 'keys are given in base64')
}

/** No key is greater. */
const LAST_KEY = new Uint8Array(KEY_MAX_BYTES).fill(0xff)

function boundsOf(options: BoundOptions, [start, end]: readonly string[]): KeyRange {
  const { prefix } = options
  if (prefix === undefined) {
    if (start === undefined) return { prefix: '' }
    return {
      start: keyOf(start, options),
      end: end === undefined ? LAST_KEY : keyOf(end, options),
    }
  }
  if (start !== undefined) {
    throw new UsageError('--prefix and START exclude each other: use one of them')
  }
  return { prefix: keyOf(prefix, options) }
}

async function range(
  context: CommandContext,
  options: RangeCommandOptions,
  operands: readonly string[],
): Promise<number> {
  const bounds = boundsOf(options, operands)
  const { limit, cursor } = options
  const page: RangeOptions = {
    ...(limit === undefined ? {} : { limit }),
    ...(cursor === undefined ? {} : { cursor: keyOf(cursor, options) }),
  }
  return context.withStorage(async (storage) => {
    for (const record of await storage.getRange(bounds, page, context.signal)) {
      context.output.datum(recordFields(record), recordText(record))
    }
    return 0
  })
}

async function watch(
  context: CommandContext,
  { fromVersion, ...options }: WatchCommandOptions,
  operands: readonly string[],
): Promise<number> {
  const bounds = boundsOf(options, operands)
  const from = fromVersion === undefined ? {} : { fromVersion }
  return context.withStorage(async (storage) => {
    for await (const batch of storage.watch(bounds, from, context.signal)) {
      context.output.datum(batchFields(batch), batchText(batch))
      await context.output.taken(context.signal)
    }
    return 0
  })
}

function batchFields(batch: WatchBatch): JsonValue {
  const { kind, version } = batch
  if (kind === 'changes') return { kind, version, changes: batch.changes.map(changeFields) }
  return { kind, version, records: batch.records.map(recordFields) }
}

function changeFields(change: RecordChange): JsonValue {
  const { kind } = change
  if (kind === 'put') return { kind, ...recordFields(change.record) }
  return { kind, ...keyFields(change.key), version: change.version }
}

function batchText(batch: WatchBatch): string {
  if (batch.kind === 'changes') return batch.changes.map(changeText).join('\n')
  const { kind, version, records } = batch
  return [`${kind} at version ${version}:`, ...records.map((each) => `  ${recordText(each)}`)].join(
    '\n',
  )
}

function changeText(change: RecordChange): string {
  if (change.kind === 'put') return recordText(change.record)
  return `${keyText(change.key)} deleted  version ${change.version}`
}
