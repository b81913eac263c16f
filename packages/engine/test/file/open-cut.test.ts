/** Cuts of a directory, with somebody else at work in it or not. guards: D7, D5 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import type { Cut } from '../../src/engine.ts'
import { EngineError, HeldError } from '../../src/errors.ts'
import { openFileCut, openFileEngine } from '../../src/file/index.ts'
import { HolderLock } from '../../src/file/holder-lock.ts'
import type { InspectionLimits } from '../../src/file/inspection.ts'
import { content, contentOfCut } from './children/content.ts'
import { start } from './children/index.ts'
import type { Child } from './children/index.ts'
import { ROUNDS_KEPT } from './children/rounds.ts'

/** Nothing here has to outlive a power loss, and memory is faster. */
const MEMORY = '/dev/shm'
const root = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'tenure-cut-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const OWNER = { id: 'test', address: '' }
/** Every file counts as a large one. */
const WHILE_READ: InspectionLimits = { filePagesMax: 0, partitionPagesMax: 0 }

async function kept(name: string): Promise<string> {
  const directory = join(root, name)
  const engine = await openFileEngine(directory)
  for (const partition of ['p', 'q']) {
    const claim = await engine.claim(partition, OWNER)
    for (let batch = 0; batch < 5; batch += 1) {
      const rows = Array.from({ length: 400 }, (_, row) => ({
        kind: 'put' as const,
        key: Buffer.from(`k${batch}-${row}`),
        value: Buffer.alloc(row, batch),
      }))
      await claim.commit(rows)
    }
  }
  await engine.close()
  return directory
}

/** The last round of the child `ring`. @throws Error when another one that was kept is missing */
async function lastRoundOf(cut: Cut): Promise<number> {
  const rounds = new Set<number>()
  let last = 0
  for await (const partition of cut.partitions()) {
    for await (const [key, value] of partition.entries()) {
      const [word, number] = Buffer.from(key).toString().split(' ')
      if (word === 'last') last = Number(Buffer.from(value).toString())
      if (word === 'round') rounds.add(Number(number))
    }
  }
  const kept = Array.from({ length: Math.min(last, ROUNDS_KEPT) }, (_, back) => last - back)
  const missing = kept.filter((round) => !rounds.has(round))
  if (missing.length > 0 || rounds.size > kept.length) {
    throw new Error(`of the rounds up to ${last} are missing: ${missing.join(', ')}`)
  }
  return last
}

const until = (holds: () => boolean): Promise<boolean> =>
  vi.waitUntil(holds, { timeout: 15_000, interval: 5 })

/** The latest round that the writer has told of. */
function heard(writer: Child): { readonly acknowledged: () => number } {
  let last = -1
  void (async () => {
    for (let line = await writer.lines.next(); line.done !== true; line = await writer.lines.next())
      last = Number(line.value)
  })()
  return { acknowledged: () => last }
}

test('while another process writes, a cut of its directory is one moment of it', async () => {
  const directory = join(root, 'written')
  const writer = start('ring', directory)
  const { acknowledged } = heard(writer)
  await until(() => acknowledged() > 0)
  let last = 0
  for (let cuts = 0; cuts < 20; cuts += 1) {
    const before = acknowledged()
    const cut = await openFileCut(directory)
    // It goes on while the cut is there.
    const soon = acknowledged() + 10
    await until(() => acknowledged() > soon)
    const round = await lastRoundOf(cut)
    await cut.close()
    expect(round).toBeGreaterThanOrEqual(before)
    expect(round).toBeGreaterThanOrEqual(last)
    last = round
  }
  writer.process.kill('SIGKILL')
  await writer.ended
  const cut = await openFileCut(directory)
  expect(await lastRoundOf(cut)).toBeGreaterThanOrEqual(acknowledged())
  await cut.close()
})

test('a cut of a store that nobody has open changes nothing in it', async () => {
  const directory = await kept('closed')
  for (const inspected of [undefined, WHILE_READ]) {
    const before = readFileSync(join(directory, 'data.mdb'))
    const cut = await openFileCut(directory, inspected)
    expect(readdirSync(directory).filter((name) => name.startsWith('holder'))).toEqual([])
    const found = await contentOfCut(cut)
    await cut.close()
    expect(readFileSync(join(directory, 'data.mdb')).equals(before)).toBe(true)
    const engine = await openFileEngine(directory)
    expect(await content(engine)).toBe(found)
    await engine.close()
  }
})

test('a server can start, and write, while a cut of a large store is read', async () => {
  const directory = await kept('started')
  const engine = await openFileEngine(directory)
  const expected = await contentOfCut(await engine.cut())
  await engine.close()
  const cut = await openFileCut(directory, WHILE_READ)
  const writer = start('ring', directory)
  const { acknowledged } = heard(writer)
  await until(() => acknowledged() > 30)
  expect(await contentOfCut(cut)).toBe(expected)
  await cut.close()
  writer.process.kill('SIGKILL')
  await writer.ended
})

test('what a killed reader of a cut has held is used again', async () => {
  const directory = await kept('pinned')
  const cutter = start('cutter', directory)
  expect((await cutter.lines.next()).value).toBe('cut p')
  const engine = await openFileEngine(directory)
  // Each claim is a transaction of its own.
  const rewrite = async (times: number): Promise<number> => {
    for (let time = 0; time < times; time += 1) await engine.claim('p', OWNER)
    return statSync(join(directory, 'data.mdb')).size
  }
  const [first, held] = [await rewrite(50), await rewrite(50)]
  expect(held).toBeGreaterThan(first)
  cutter.process.kill('SIGKILL')
  await cutter.ended
  const freed = await rewrite(270)
  expect(await rewrite(50)).toBe(freed)
  await engine.close()
})

test('a cut ends with the process that has the store', async () => {
  const directory = join(root, 'ended')
  const writer = start('ring', directory)
  const { acknowledged } = heard(writer)
  await until(() => acknowledged() > 0)
  const cut = await openFileCut(directory)
  expect(await lastRoundOf(cut)).toBeGreaterThan(0)
  writer.process.kill('SIGKILL')
  await writer.ended
  await expect(lastRoundOf(cut)).rejects.toThrow(
    /the process that has the store .*ended open has ended/,
  )
  await cut.close()
  await (await openFileCut(directory)).close()
})

test('whoever talks nonsense to the holder of a store is told so, and disturbs nobody', async () => {
  const directory = await kept('nonsense')
  const engine = await openFileEngine(directory)
  const partition = await engine.claim('p', OWNER)
  for (const nonsense of [
    '\0\0\0\u0003\u0009\0\0',
    '\xff\xff\xff\xffx',
    '\0\0\0\0',
    '\0\0\0\u0003\u0001\0\u0009',
  ]) {
    const socket = await HolderLock.visit(directory)
    if (socket === null) throw new Error('nobody is there')
    socket.end(Buffer.from(nonsense, 'latin1'))
    const said: Buffer[] = []
    for await (const chunk of socket as AsyncIterable<Buffer>) said.push(chunk)
    expect(Buffer.concat(said).toString()).toMatch(/another release|too long/)
  }
  // One that stays and says nothing must not hold up the end.
  const silent = await HolderLock.visit(directory)
  await partition.commit([{ kind: 'put', key: Buffer.of(1), value: Buffer.of(2) }])
  await engine.close()
  silent?.destroy()
})

test('where there is no store there is no cut, and nothing is made', async () => {
  const absent = join(root, 'absent')
  await expect(openFileCut(absent)).rejects.toThrow(EngineError)
  await expect(openFileCut(absent)).rejects.toThrow(/there is no store in .*absent/)
  await expect(openFileCut(root)).rejects.toThrow(/there is no store/)
  expect(readdirSync(root)).not.toContain('absent')
})

test('what this process has open makes its own cuts', async () => {
  const directory = await kept('here')
  const engine = await openFileEngine(directory)
  await expect(openFileCut(directory)).rejects.toThrow(HeldError)
  await engine.close()
})
