/** A digest of everything an engine holds, in order. */
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import type { Engine, Partition } from '../../../src/engine.ts'

const EVERYTHING = { start: new Uint8Array(), end: new Uint8Array(1901).fill(255) }

export async function content(engine: Engine): Promise<string> {
  const hash = createHash('sha1')
  for await (const name of engine.partitions('')) {
    const partition = await engine.claim(name, { id: 'reader', address: '' })
    await add(hash, name, partition)
  }
  return hash.digest('hex')
}

/** The same for an engine that holds nothing but this partition. */
export async function contentOf(name: string, partition: Partition): Promise<string> {
  const hash = createHash('sha1')
  await add(hash, name, partition)
  return hash.digest('hex')
}

async function add(hash: Hash, name: string, partition: Partition): Promise<void> {
  hash.update(`partition ${name}\n`)
  for await (const [key, value] of partition.scan(EVERYTHING)) {
    hash.update(`${key.length} ${value.length}\n`).update(key).update(value)
  }
}
