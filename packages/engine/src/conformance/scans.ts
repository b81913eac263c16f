/** Scans: in order, within bounds, as one snapshot. */
import { deepEqual, equal } from 'node:assert/strict'
import { KEY_BYTES_MAX } from '../bounds.ts'
import type { Engine } from '../engine.ts'
import { bytes, EVERYTHING, OWNER, put, read, removeRange, text } from './entries.ts'

const KEYS = [
  '',
  '\0',
  '\0\0',
  '\0\xff',
  'a',
  'a\0',
  'a\xff',
  'b',
  '\xfe',
  '\xff',
  '\xff\0',
  '\xff\xff',
]

// guards: L1
export const scanTests: Record<string, (engine: Engine) => Promise<void>> = {
  'keys are ordered as unsigned bytes, a prefix before its extensions': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    const longest = '\xff'.repeat(KEY_BYTES_MAX)
    const keys = [...KEYS, longest]
    await partition.commit(keys.toReversed().map((key) => put(key, 'v')))
    deepEqual(
      await read(partition),
      keys.map((key) => `${key}=v`),
    )
    equal(text((await partition.get(bytes(longest))) ?? bytes('')), 'v')
  },

  'a range includes its start and excludes its end': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    await partition.commit(KEYS.map((key) => put(key, '')))
    for (const start of KEYS) {
      for (const end of KEYS) {
        const expected = KEYS.filter((key) => key >= start && key < end).map((key) => `${key}=`)
        deepEqual(await read(partition, { start: bytes(start), end: bytes(end) }), expected)
      }
    }
    await partition.commit([removeRange('a', 'b')])
    const left = KEYS.filter((key) => key < 'a' || key >= 'b').map((key) => `${key}=`)
    deepEqual(await read(partition), left)
  },

  'a scan is a snapshot while commits go on': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    const old = Array.from({ length: 3000 }, (_, index) => put(name(index), 'old'))
    await partition.commit(old)
    const seen: string[] = []
    for await (const [key, value] of partition.scan(EVERYTHING)) {
      if (seen.length % 500 === 0) {
        await partition.commit([
          ...old.map(({ key }) => ({ kind: 'put', key, value: bytes('new') }) as const),
          put(`k99999-${seen.length}`, 'new'),
          removeRange(name(2500), name(2600)),
        ])
      }
      seen.push(`${text(key)}=${text(value)}`)
    }
    deepEqual(
      seen,
      old.map(({ key }) => `${text(key)}=old`),
    )
    equal((await read(partition)).length, 2906)
  },

  'a scan may be left early': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    await partition.commit(KEYS.map((key) => put(key, '')))
    for (let round = 0; round < 300; round += 1) {
      for await (const [key] of partition.scan(EVERYTHING)) {
        equal(text(key), '')
        break
      }
    }
    await partition.commit([put('c', '')])
  },

  'many keys are counted right after random changes': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    const model = new Map<string, string>()
    let seed = 12_345
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return (seed >>> 8) % below
    }
    for (let round = 0; round < 60; round += 1) {
      const writes = Array.from({ length: 200 }, () => put(`${random(5000)}`, `${random(100)}`))
      const start = `${random(5000)}`
      const range = removeRange(start, `${start}5`)
      await partition.commit([...writes, range])
      for (const { key, value } of writes) model.set(text(key), text(value))
      for (const key of model.keys()) if (key >= start && key < `${start}5`) model.delete(key)
    }
    const expected = [...model].map(([key, value]) => `${key}=${value}`)
    deepEqual(await read(partition), expected.toSorted(byKey))
  },
}

function byKey(left: string, right: string): number {
  return left.slice(0, left.indexOf('=')) < right.slice(0, right.indexOf('=')) ? -1 : 1
}

function name(index: number): string {
  return `k${String(index).padStart(5, '0')}`
}
