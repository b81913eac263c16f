import { expect, test } from 'vitest'
import { openMemoryEngine } from '../../src/memory/index.ts'

test('the memory engine says that it keeps nothing', async () => {
  const engine = openMemoryEngine()
  expect(engine.durable).toBe(false)
  expect(engine.name).toBe('memory')
  const partition = await engine.claim('a', { id: 'me', address: '' })
  await partition.commit([{ kind: 'put', key: Buffer.from('k'), value: Buffer.from('v') }])
  expect(await partition.get(Buffer.from('k'))).toEqual(Uint8Array.from(Buffer.from('v')))
  await engine.close()
})
