/** A digest of everything an engine holds, in order. */
import { createHash } from 'node:crypto'
import type { Engine } from '../../../src/engine.ts'

const EVERYTHING = { start: new Uint8Array(), end: new Uint8Array(1901).fill(255) }

export async function content(engine: Engine): Promise<string> {
  const hash = createHash('sha1')
  for await (const name of engine.partitions('')) {
    hash.update(`partition ${name}\n`)
    const partition = await engine.claim(name, { id: 'reader', address: '' })
    for await (const [key, value] of partition.scan(EVERYTHING)) {
      hash.update(`${key.length} ${value.length}\n`).update(key).update(value)
    }
  }
  return hash.digest('hex')
}
