import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { EngineError, HeldError } from '../../src/errors.ts'
import { openFileEngine } from '../../src/file/index.ts'
import { start } from './children/index.ts'

const root = mkdtempSync(join(tmpdir(), 'tenure-holder-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

test('a second process learns who holds the store, and gets it once the holder is killed', async () => {
  const directory = join(root, 'killed')
  const holder = start('holder', directory)
  expect((await holder.lines.next()).value).toBe('open')
  const refusal = openFileEngine(directory)
  await expect(refusal).rejects.toThrow(HeldError)
  await expect(refusal).rejects.toThrow(
    new RegExp(`process ${holder.process.pid} on .+ since 20.+, reachable at 127.0.0.1:4711`),
  )
  holder.process.kill('SIGSTOP')
  await expect(openFileEngine(directory)).rejects.toThrow(HeldError)
  holder.process.kill('SIGKILL')
  await holder.ended
  const engine = await openFileEngine(directory)
  await engine.close()
  expect(readdirSync(directory).filter((name) => name.startsWith('holder'))).toEqual([])
})

test('of several processes that start at once exactly one gets the store', async () => {
  const directory = join(root, 'race')
  const starters = Array.from({ length: 6 }, () => start('holder', directory))
  const answers = await Promise.all(starters.map(async ({ lines }) => (await lines.next()).value))
  expect(answers.filter((answer) => answer === 'open')).toHaveLength(1)
  expect(answers.filter((answer) => String(answer).startsWith('HeldError'))).toHaveLength(5)
  for (const { process } of starters) process.stdin.end()
  await Promise.all(starters.map(({ ended }) => ended))
})

test('one process opens a store once', async () => {
  const directory = join(root, 'once')
  const engine = await openFileEngine(directory)
  await expect(openFileEngine(directory)).rejects.toThrow(HeldError)
  await engine.close()
  await (await openFileEngine(directory)).close()
})

test('an absent directory is made for its owner alone, however deep', async () => {
  const directory = join(root, ...Array.from({ length: 12 }, () => 'a-rather-long-name'))
  const engine = await openFileEngine(directory)
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  await engine.close()
})

test('a path that cannot be a directory is refused by its name', async () => {
  const file = join(root, 'file')
  writeFileSync(file, '')
  await expect(openFileEngine(file)).rejects.toThrow(EngineError)
  await expect(openFileEngine(join(file, 'below'))).rejects.toThrow(/cannot be kept in .*below/)
})
