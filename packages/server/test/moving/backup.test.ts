/** A backup is read as it was written, or refused. guards: D7, D5 */
import { DamagedError } from '@tenure/engine'
import { openMemoryEngine } from '@tenure/engine/memory'
import { inIncarnation } from '@tenure/kernel'
import { expect, test } from 'vitest'
import { BackupReader, checkBackup } from '../../src/moving/backup-reader.ts'
import { Chain } from '../../src/moving/frame.ts'
import { FORMAT_LINE } from '../../src/moving/backup-format.ts'
import { restore } from '../../src/moving/restore.ts'
import { backupOf, contents, filled, inPieces } from './stores.ts'

/** The first incarnation after a move whose clock is wrong. */
const STEP = 2n ** 14n

const small = await backupOf(await filled({ small: 2, isLargeToo: false }))

/** Why the bytes are refused; null when they are taken. */
async function refusal(bytes: Buffer): Promise<string | null> {
  try {
    await checkBackup(inPieces(bytes), 'b.tenure')
    return null
  } catch (error) {
    if (error instanceof DamagedError) return error.message
    throw error
  }
}

test('a store comes back from its backup with every row, in whatever pieces the bytes come', async () => {
  const store = await filled({ small: 40, isLargeToo: true })
  const backup = await backupOf(store)
  const expected = await contents(store)
  for (const pieceBytes of [777, backup.length]) {
    const { head, moved } = await checkBackup(inPieces(backup, pieceBytes), 'b.tenure')
    expect(head).toMatchObject({ from: 'memory', incarnation: 0n })
    expect(moved.nodes).toBe(expected.size)
    const reader = await BackupReader.open(inPieces(backup, pieceBytes), 'b.tenure')
    const engine = openMemoryEngine()
    expect(await restore(reader, engine, { wallMs: 0 })).toEqual(moved)
    const found = await contents(engine)
    expect([...found.keys()]).toEqual([...expected.keys()])
    for (const [name, rows] of expected) expect(found.get(name)).toEqual(rows.map(renewed))
  }
})

function renewed(row: string): string {
  const [key = '', value = ''] = row.split('=')
  const entry = inIncarnation([Buffer.from(key, 'hex'), Buffer.from(value, 'hex')], STEP)
  return entry.map((bytes) => Buffer.from(bytes).toString('hex')).join('=')
}

test('an empty store has a backup too', async () => {
  const backup = await backupOf(openMemoryEngine())
  expect((await checkBackup(inPieces(backup), 'b.tenure')).moved).toEqual({
    nodes: 0,
    entries: 0,
    bytes: 0,
  })
})

test('any flipped bit of a backup is found', async () => {
  expect(await refusal(small)).toBe(null)
  const taken: number[] = []
  for (let bit = 0; bit < small.length * 8; bit += 1) {
    const damaged = Buffer.from(small)
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    if ((await refusal(damaged)) === null) taken.push(bit)
  }
  expect(taken).toEqual([])
})

test('a backup that was cut off anywhere, or goes on after its end, is refused', async () => {
  const taken: number[] = []
  for (let length = 0; length < small.length; length += 1) {
    if ((await refusal(small.subarray(0, length))) === null) taken.push(length)
  }
  expect(taken).toEqual([])
  for (const more of [Buffer.of(0), small]) {
    expect(await refusal(Buffer.concat([small, more]))).toMatch(
      /b.tenure .*something follows its end/,
    )
  }
})

test('frames that are missing, doubled or have changed places are found', async () => {
  const frames = framesOf(small)
  expect(frames.length).toBeGreaterThan(6)
  const build = (order: readonly number[]): Buffer =>
    Buffer.concat([FORMAT_LINE, ...order.map((at) => frames[at] ?? Buffer.alloc(0))])
  const all = frames.map((_, at) => at)
  expect(await refusal(build(all))).toBe(null)
  for (const at of all.slice(0, -1)) {
    expect(await refusal(build(all.filter((one) => one !== at)))).not.toBe(null)
    expect(await refusal(build(all.flatMap((one) => (one === at ? [one, one] : [one]))))).not.toBe(
      null,
    )
    expect(
      await refusal(build(all.map((one) => (one === at ? at + 1 : one === at + 1 ? at : one)))),
    ).not.toBe(null)
  }
})

/** By their lengths, unchecked. */
function framesOf(backup: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = FORMAT_LINE.length; at < backup.length;) {
    const end = at + 5 + backup.readUInt32BE(at) + 16
    frames.push(backup.subarray(at, end))
    at = end
  }
  return frames
}

test('what is no backup, and one of another release, are told apart', async () => {
  expect(await refusal(Buffer.from('{"some": "other file"}'))).toMatch(/does not begin as one/)
  const newer = Buffer.concat([
    Buffer.from('tenure backup 2\n'),
    small.subarray(FORMAT_LINE.length),
  ])
  expect(await refusal(newer)).toMatch(/has format 2, this release reads 1/)
})

test('a backup whose sums are right and whose parts make no sense is refused', async () => {
  const head = '{"created":"","by":"","from":"","incarnation":0}'
  const node = '{"name":"/n","epoch":"1"}'
  const end = '{"nodes":0,"entries":0,"bytes":0}'
  const backups = [
    [['node', node]],
    [['head', '{}']],
    [
      ['head', head],
      ['entries', ''],
      ['end', end],
    ],
    [
      ['head', head],
      ['node', '{"name":1}'],
      ['end', end],
    ],
    [
      ['head', head],
      ['node', node],
      ['entries', '\0\u0001\0'],
      ['end', end],
    ],
    [
      ['head', head],
      ['node', node],
      ['end', end],
    ],
    [
      ['head', head],
      ['end', '[]'],
    ],
    [
      ['head', head],
      ['head', head],
      ['end', end],
    ],
  ] as const
  for (const frames of backups) {
    const chain = new Chain(FORMAT_LINE)
    const bytes = frames.map(([kind, content]) => chain.write(kind, Buffer.from(content)))
    expect(await refusal(Buffer.concat([FORMAT_LINE, ...bytes]))).not.toBe(null)
  }
})
