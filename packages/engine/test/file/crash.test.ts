import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openFileEngine } from '../../src/file/index.ts'
import { start, startIn } from './children/index.ts'
import type { Child } from './children/index.ts'

const KILLS = 10
const BATCH_ROWS = 8
const SEED = 8
/** At the opening, too, what the journal says is moved. */
const PLACES = ['mid-checkpoint:1', 'mid-checkpoint:8', 'after-append:40']

let directory: string
let acknowledged: number

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tenure-crash-'))
  acknowledged = -1
})

afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

/** @returns whether the writer had one more */
async function hear(writer: Child): Promise<boolean> {
  const line = await writer.lines.next()
  if (line.done === true) return false
  acknowledged = Math.max(acknowledged, Number(line.value))
  return true
}

async function hearAll(writer: Child): Promise<void> {
  while (await hear(writer));
  await writer.ended
}

/** What is not as it must be: all that was acknowledged is there, each batch whole, and none without those before it. */
async function judge(): Promise<string[]> {
  const engine = await openFileEngine(directory)
  const partition = await engine.claim('p', { id: 'judge', address: '' })
  const rows = new Map<number, number>()
  const range = { start: Buffer.from('batch '), end: Buffer.from('batch!') }
  for await (const [key] of partition.scan(range)) {
    const batch = Number(Buffer.from(key).toString().split(' ')[1])
    rows.set(batch, (rows.get(batch) ?? 0) + 1)
  }
  await engine.close()
  const isWhole = [...rows.values()].every((count) => count === BATCH_ROWS)
  return [
    isWhole ? '' : 'a batch is not whole',
    rows.size > acknowledged ? '' : `${acknowledged} was acknowledged, ${rows.size} are there`,
    Math.max(...rows.keys()) === rows.size - 1 ? '' : 'a batch is missing',
  ].filter((breach) => breach !== '')
}

// guards: D1, D2, L4
test(
  'after a kill nothing acknowledged is lost, and every batch is whole',
  { timeout: 60_000 },
  async () => {
    let seed = SEED
    for (let kill = 0; kill < KILLS; kill += 1) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      const writer = start('writer', directory)
      for (let lines = (seed >>> 8) % 150; lines >= 0; lines -= 1) {
        if (!(await hear(writer))) throw new Error(`the writer ended by itself, kill ${kill}`)
      }
      writer.process.kill('SIGKILL')
      await hearAll(writer)
      expect(await judge()).toEqual([])
    }
  },
)

// guards: D1, D2, L4
test(
  'whoever dies while the journal is moved, the next one has all',
  { timeout: 60_000 },
  async () => {
    for (const place of PLACES) {
      const writer = start('writer', directory)
      for (let lines = 0; lines < 20; lines += 1) await hear(writer)
      writer.process.kill('SIGKILL')
      await hearAll(writer)
      for (const again of ['mid-checkpoint:1', place]) {
        const dying = startIn({ TENURE_CRASH_AT: again }, 'writer', directory)
        await hearAll(dying)
        expect(dying.process.signalCode).toBe('SIGKILL')
      }
      expect(await judge()).toEqual([])
    }
  },
)
