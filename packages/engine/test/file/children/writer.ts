/** Commits numbered batches of eight rows for ever and prints each number once it is acknowledged. */
import { writeSync } from 'node:fs'
import { openFileEngine } from '../../../src/file/index.ts'

const BATCH_ROWS = 8
const engine = await openFileEngine(String(process.argv[2]))
const partition = await engine.claim('p', { id: 'writer', address: '' })
const stored = await partition.get(Buffer.from('next'))
let next = stored === undefined ? 0 : Number(Buffer.from(stored).toString())
/** So large that the journal turns over now and then. */
const value = new Uint8Array(1_500).fill(next)

async function batch(number: number): Promise<void> {
  const rows = Array.from({ length: BATCH_ROWS }, (_, row) => ({
    kind: 'put' as const,
    key: Buffer.from(`batch ${number} ${row}`),
    value,
  }))
  const counter = {
    kind: 'put' as const,
    key: Buffer.from('next'),
    value: Buffer.from(`${number + 1}`),
  }
  await partition.commit([...rows, counter])
  writeSync(1, `${number}\n`)
}

for (;;) {
  await Promise.all([batch(next), batch(next + 1), batch(next + 2)])
  next += 3
}
