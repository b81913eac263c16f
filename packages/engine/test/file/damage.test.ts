import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openFileEngine } from '../../src/file/index.ts'
import { content } from './children/content.ts'
import { start } from './children/index.ts'
import type { Child } from './children/index.ts'

const PAGE = 4096
const SEED = 20_261_121

const root = mkdtempSync(join(tmpdir(), 'tenure-damage-'))
const original = join(root, 'original')
const damagedStore = join(root, 'damaged')
let bytes: Buffer
let whole: string
let reader: Child
let seed = SEED

function random(below: number): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
  return Math.floor((seed / 2 ** 32) * below)
}

beforeAll(async () => {
  const engine = await openFileEngine(original)
  for (const name of ['p', 'q']) {
    const partition = await engine.claim(name, { id: 'writer', address: '' })
    for (let round = 0; round < 6; round += 1) {
      const rows = Array.from({ length: 150 }, (_, row) => ({
        kind: 'put' as const,
        key: Buffer.from(`k${random(100_000)}`),
        value: Buffer.alloc(20 + row, round),
      }))
      const large = { kind: 'put' as const, key: Buffer.of(round), value: Buffer.alloc(9000, 7) }
      await partition.commit([...rows, large])
    }
    const [start, end] = [Buffer.from('k5'), Buffer.from('k6')]
    await partition.commit([{ kind: 'delete-range', start, end }])
  }
  whole = await content(engine)
  await engine.close()
  bytes = readFileSync(join(original, 'data.mdb'))
  reader = start('reader')
})

afterAll(async () => {
  reader.process.stdin.end()
  await reader.ended
  rmSync(root, { recursive: true, force: true })
})

/** What a process of its own says about a store with these bytes. */
async function judged(data: Buffer): Promise<string> {
  rmSync(damagedStore, { recursive: true, force: true })
  mkdirSync(damagedStore)
  writeFileSync(join(damagedStore, 'data.mdb'), data)
  writeFileSync(join(damagedStore, 'tenure-store'), '')
  reader.process.stdin.write(`${damagedStore}\n`)
  const line = await reader.lines.next()
  if (line.done === true) throw new Error(`the process ended, seed ${SEED}`)
  return line.value
}

/** Damages copies in `times` ways; each is served whole or refused. Returns how many were refused. */
async function damage(times: number, harm: (data: Buffer) => Buffer): Promise<number> {
  let refused = 0
  for (let time = 0; time < times; time += 1) {
    const verdict = await judged(harm(Buffer.from(bytes)))
    if (verdict === `content ${whole}`) continue
    expect(verdict).toMatch(/^DamagedError the store .* is damaged: .* Restore the directory/)
    refused += 1
  }
  return refused
}

// guards: D5
test('an undamaged store is served', async () => {
  expect(await judged(bytes)).toBe(`content ${whole}`)
})

// guards: D5
test('a store with a flipped bit is served whole or refused', async () => {
  const refused = await damage(60, (data) => {
    const at = random(data.length)
    data.writeUInt8(data.readUInt8(at) ^ (1 << random(8)), at)
    return data
  })
  expect(refused).toBeGreaterThan(5)
})

// guards: D5
test('a store with a flipped bit in the head of a page is served whole or refused', async () => {
  const refused = await damage(60, (data) => {
    const at = random(data.length / PAGE) * PAGE + random(40)
    data.writeUInt8(data.readUInt8(at) ^ (1 << random(8)), at)
    return data
  })
  expect(refused).toBeGreaterThan(5)
})

// guards: D5
test('a store whose meta pages have a flipped bit is served whole or refused', async () => {
  const refused = await damage(60, (data) => {
    const at = random(2) * PAGE + random(160)
    data.writeUInt8(data.readUInt8(at) ^ (1 << random(8)), at)
    return data
  })
  expect(refused).toBeGreaterThan(5)
})

// guards: D5
test('a cut store is served whole or refused', async () => {
  const refused = await damage(25, (data) => data.subarray(0, random(data.length)))
  expect(refused).toBeGreaterThan(15)
  expect(await damage(1, () => Buffer.alloc(0))).toBe(1)
})

// guards: D5
test('a store with two pages swapped is served whole or refused', async () => {
  const refused = await damage(25, (data) => {
    const [one, two] = [random(data.length / PAGE) * PAGE, random(data.length / PAGE) * PAGE]
    bytes.copy(data, one, two, two + PAGE)
    bytes.copy(data, two, one, one + PAGE)
    return data
  })
  expect(refused).toBeGreaterThan(5)
})

// guards: D5
test('a store with a zeroed page is served whole or refused', async () => {
  const refused = await damage(25, (data) => {
    const page = random(data.length / PAGE) * PAGE
    return data.fill(0, page, page + PAGE)
  })
  expect(refused).toBeGreaterThan(5)
})
