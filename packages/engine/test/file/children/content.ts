/** A digest of everything an engine holds, in order. */
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import type { Entry } from '@tenure/kernel'
import type { Cut, Engine, Partition } from '../../../src/engine.ts'

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

/** The same of a cut. */
export async function contentOfCut(cut: Cut): Promise<string> {
  const hash = createHash('sha1')
  for await (const partition of cut.partitions()) {
    await addEntries(hash, partition.name, partition.entries())
  }
  return hash.digest('hex')
}

async function add(hash: Hash, name: string, partition: Partition): Promise<void> {
  await addEntries(hash, name, partition.scan(EVERYTHING))
}

async function addEntries(hash: Hash, name: string, entries: AsyncIterable<Entry>): Promise<void> {
  hash.update(`partition ${name}\n`)
  for await (const [key, value] of entries) {
    hash.update(`${key.length} ${value.length}\n`).update(key).update(value)
  }
}
