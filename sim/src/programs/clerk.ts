/** Makes, reads, replaces and deletes one record; what it reads decides what it compares with later. */
import {
  AlreadyExistsError,
  NotFoundError,
  type Record as StoredRecord,
  type Storage,
  WrongVersionError,
} from '@tenure/client'
import type { RecordInput, RecordOutput, Versioned } from '@tenure/checker'
import type { Desk, Program } from './program.ts'
import { newValue, textOf } from './record-values.ts'

const PAUSE_MS = 120
const PATIENCE_MS = 20_000
const HURRY_MS = 50

export function clerk(key: string): Program {
  let known = 0n
  return {
    name: `keeps ${key}`,
    needsOwnProtocol: true,
    async round(desk) {
      const input = choose(desk, known)
      const storage = desk.storage()
      const patience = desk.timeout(
        desk.random.chance(0.1) ? desk.random.fraction() * HURRY_MS : PATIENCE_MS,
      )
      const recording = desk.world.judge.records.calling(desk, key, input)
      const output = await outcome(() => perform(storage, { key, input }, patience))
      recording.returned(output)
      known = versionIn(output) ?? known
      await desk.sleep(desk.random.exponential(PAUSE_MS))
    },
  }
}

function choose(desk: Desk, known: bigint): RecordInput {
  const chance = desk.random.fraction()
  if (chance < 0.3) return { kind: 'get' }
  const value = newValue(desk)
  if (chance < 0.5) return { kind: 'put', value, lease: null }
  if (chance < 0.65) return { kind: 'create', value, lease: null }
  if (chance < 0.85 && known > 0n) return { kind: 'cas', value, version: known }
  return { kind: 'delete', version: desk.random.chance(0.5) && known > 0n ? known : null }
}

async function perform(
  storage: Storage,
  { key, input }: { readonly key: string; readonly input: RecordInput },
  signal: AbortSignal,
): Promise<RecordOutput> {
  switch (input.kind) {
    case 'get':
      return { kind: 'found', record: versioned(await storage.get(key, signal)) }
    case 'put':
      return {
        kind: 'written',
        version: await storage.put({ key, value: input.value }, {}, signal),
      }
    case 'create':
      return {
        kind: 'written',
        version: await storage.create({ key, value: input.value }, {}, signal),
      }
    case 'cas': {
      const { value, version } = input
      return {
        kind: 'written',
        version: await storage.casByVersion({ key, value, version }, {}, signal),
      }
    }
    case 'delete': {
      const { version } = input
      await storage.delete(key, version === null ? {} : { ifVersion: version }, signal)
      return { kind: 'done' }
    }
    case 'expire':
      throw new Error('a lease ends by itself')
    default:
      return input satisfies never
  }
}

/** These say for certain what is there, and that nothing was done. */
async function outcome(perform: () => Promise<RecordOutput>): Promise<RecordOutput> {
  try {
    return await perform()
  } catch (error) {
    if (error instanceof NotFoundError) return { kind: 'not-found' }
    if (error instanceof AlreadyExistsError) {
      return { kind: 'exists', record: error.record === undefined ? null : versioned(error.record) }
    }
    if (error instanceof WrongVersionError) {
      const { record } = error
      return { kind: 'wrong-version', record: record === undefined ? null : versioned(record) }
    }
    throw error
  }
}

function versioned({ value, version }: StoredRecord): Versioned {
  return { value: textOf(value), version }
}

function versionIn(output: RecordOutput): bigint | null {
  if (output.kind === 'written') return output.version
  return 'record' in output && output.record !== null ? output.record.version : null
}
