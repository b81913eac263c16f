/** What a store says of where it comes from, and who heeds it. guards: D7 */
import { EngineError } from '@tenure/engine'
import type { Engine } from '@tenure/engine'
import { openMemoryEngine } from '@tenure/engine/memory'
import { expect, test } from 'vitest'
import {
  decodeLineage,
  encodeLineage,
  LINEAGE_KEY,
  LINEAGE_PARTITION,
  readLineage,
} from '../../src/moving/lineage.ts'
import type { Lineage } from '../../src/moving/lineage.ts'
import { startServer } from '../../src/server.ts'

const LISTEN = { host: '127.0.0.1', port: 0 }

async function engineWith(lineage: Lineage): Promise<Engine> {
  const engine = openMemoryEngine()
  const partition = await engine.claim(LINEAGE_PARTITION, { id: 'test', address: '' })
  await partition.commit([{ kind: 'put', key: LINEAGE_KEY, value: encodeLineage(lineage) }])
  return engine
}

test('a store that was never moved is the first incarnation', async () => {
  expect(await readLineage(openMemoryEngine())).toEqual({ incarnation: 0n, restoring: null })
})

test('no server starts on a store that is not restored to the end', async () => {
  const engine = await engineWith({ incarnation: 3n, restoring: 'somebody' })
  const starting = startServer({ engine, listen: LISTEN, http: null })
  await expect(starting).rejects.toThrow(/restore into memory has not come to its end.*run.*again/i)
})

test('a new node on a moved store begins above the old incarnation', async () => {
  const engine = await engineWith({ incarnation: 3n, restoring: null })
  const server = await startServer({ engine, listen: LISTEN, http: null })
  await server.host.node('/local/new', { create: true })
  expect((await engine.ownerOf('/local/new'))?.epoch).toBeGreaterThan(3n << 20n)
  await server.stop()
})

test('what cannot be understood of a lineage is refused', () => {
  const whole = encodeLineage({ incarnation: 2n ** 31n, restoring: null })
  expect(decodeLineage(whole, 'here')).toEqual({ incarnation: 2n ** 31n, restoring: null })
  for (const text of ['', 'x', '{}', 'null', '{"version":2,"incarnation":1,"restoring":null}']) {
    expect(() => decodeLineage(Buffer.from(text), 'here')).toThrow(EngineError)
  }
})
