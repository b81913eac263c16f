import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openFileEngine } from '../../src/file/index.ts'
import { start } from './children/index.ts'

const KILLS = 20
const BATCH_ROWS = 8
const SEED = 8

// guards: D1, D2, L4
test(
  'after a kill nothing acknowledged is lost, and every batch is whole',
  { timeout: 60_000 },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tenure-crash-'))
    let seed = SEED
    let acknowledged = -1
    for (let kill = 0; kill < KILLS; kill += 1) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      const writer = start('writer', directory)
      for (let lines = (seed >>> 8) % 150; lines >= 0; lines -= 1) {
        const line = await writer.lines.next()
        if (line.done === true) throw new Error(`the writer ended by itself, kill ${kill}`)
        acknowledged = Math.max(acknowledged, Number(line.value))
      }
      writer.process.kill('SIGKILL')
      for (
        let line = await writer.lines.next();
        line.done !== true;
        line = await writer.lines.next()
      ) {
        acknowledged = Math.max(acknowledged, Number(line.value))
      }
      await writer.ended

      const engine = await openFileEngine(directory)
      const partition = await engine.claim('p', { id: 'judge', address: '' })
      const rows = new Map<number, number>()
      const range = { start: Buffer.from('batch '), end: Buffer.from('batch!') }
      for await (const [key] of partition.scan(range)) {
        const batch = Number(Buffer.from(key).toString().split(' ')[1])
        rows.set(batch, (rows.get(batch) ?? 0) + 1)
      }
      expect([...rows.values()].every((count) => count === BATCH_ROWS)).toBe(true)
      expect(rows.size).toBeGreaterThan(acknowledged)
      expect(Math.max(...rows.keys())).toBe(rows.size - 1)
      await engine.close()
    }
    rmSync(directory, { recursive: true, force: true })
  },
)
