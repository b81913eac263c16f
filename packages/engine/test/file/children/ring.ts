/** Commits numbered rounds for ever, of which the latest are kept, and prints the number of each tenth one when it is acknowledged. */
import { openFileEngine } from '../../../src/file/index.ts'
import { ROUNDS_KEPT } from './rounds.ts'

const engine = await openFileEngine(String(process.argv[2]))
const partition = await engine.claim('p', { id: 'ring', address: '' })
const value = new Uint8Array(300)

const key = (round: number): Buffer => Buffer.from(`round ${round}`)

async function round(number: number): Promise<void> {
  await partition.commit([
    { kind: 'put', key: key(number), value },
    { kind: 'delete', key: key(number - ROUNDS_KEPT) },
    { kind: 'put', key: Buffer.from('last'), value: Buffer.from(`${number}`) },
  ])
  if (number % 10 === 0) process.stdout.write(`${number}\n`)
}

for (let next = 1; ; next += 3) await Promise.all([round(next), round(next + 1), round(next + 2)])
