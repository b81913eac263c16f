/** `tenure backup`, `restore` and `migrate`: what they say, and by which exit code. guards: D7, D5 */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'tenure'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openFileEngine } from '@tenure/engine/file'
import { Run } from './terminal.ts'

let folder: string
let store: string
let file: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tenure-moving-'))
  store = `file:${folder}/store`
  file = join(folder, 'b.tenure')
  await using client = connect(store)
  await client.createNode('/local/a')
  await client.storage('/local/a').put({ key: 'key', value: 'value' })
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function ends(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const run = new Run(words)
  const code = await run.exitCode
  return { code, out: run.out, err: run.err }
}

async function valueIn(engine: string): Promise<string> {
  await using client = connect(engine)
  const { value } = await client.storage('/local/a').get('key')
  return Buffer.from(value).toString()
}

test('a backup is written, checked and restored, and the command says what was in it', async () => {
  const backup = await ends('backup', '--from', store, file)
  expect(backup).toMatchObject({ code: 0, err: '' })
  expect(backup.out).toMatch(
    /^backed up 1 node with \d entries, \d+ bytes of file .*store, as of 20/,
  )
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const check = await ends('restore', '--check', '--json', file)
  expect(check.code).toBe(0)
  expect(JSON.parse(check.out)).toMatchObject({ nodes: 1, from: `file ${folder}/store` })
  const to = `file:${folder}/restored`
  const restored = await ends('restore', '--to', to, '--json', file)
  expect(restored.code).toBe(0)
  expect(JSON.parse(restored.out)).toMatchObject({ nodes: 1, to: `file ${folder}/restored` })
  expect(await valueIn(to)).toBe('value')
  const moved = await ends('migrate', '--from', to, '--to', `file:${folder}/moved`)
  expect(moved.code).toBe(0)
  expect(moved.out).toMatch(/start no server on file .*restored any more/)
  expect(await valueIn(`file:${folder}/moved`)).toBe('value')
})

test('a file that is there gives way only when it is told to, and stays whole until then', async () => {
  writeFileSync(file, 'precious')
  const refused = await ends('backup', '--from', store, file)
  expect(refused).toMatchObject({ code: 1, out: '' })
  expect(refused.err).toMatch(/b.tenure is there already: .*--replace/)
  expect(readFileSync(file, 'utf8')).toBe('precious')
  expect((await ends('backup', '--from', store, '--replace', file)).code).toBe(0)
  expect((await ends('restore', '--check', file)).code).toBe(0)
  expect(readdirSync(folder).toSorted()).toEqual(['b.tenure', 'store'])
})

test('a backup that fails leaves no file, whatever stands in its way', async () => {
  const outcomes = [
    await ends('backup', '--from', `file:${folder}/absent`, file),
    await ends('backup', '--from', store, join(folder, 'absent', 'b.tenure')),
    await ends('backup', '--from', 'memory:', file),
    await ends('backup', '--from', 'mysql://x', file),
  ]
  expect(outcomes.map(({ code }) => code)).toEqual([69, 1, 64, 64])
  expect(outcomes[0]?.err).toMatch(/there is no store in .*absent/)
  writeFileSync(join(folder, 'store', 'data.mdb'), 'no store any more')
  expect((await ends('backup', '--from', store, file)).code).toBe(65)
  expect(readdirSync(folder)).toEqual(['store'])
})

test('a damaged backup is refused before anything is made', async () => {
  await ends('backup', '--from', store, file)
  const bytes = readFileSync(file)
  writeFileSync(file, bytes.subarray(0, -1))
  for (const words of [['--to', `file:${folder}/to`], ['--check']]) {
    const refused = await ends('restore', ...words, file)
    expect(refused.code).toBe(65)
    expect(refused.err).toMatch(/b.tenure cannot be used: it ends too early/)
  }
  expect(existsSync(join(folder, 'to'))).toBe(false)
  expect((await ends('restore', '--check', join(folder, 'absent'))).code).toBe(1)
})

test('a place that holds something, or is in use, is refused and stays as it was', async () => {
  await ends('backup', '--from', store, file)
  const full = await ends('restore', '--to', store, file)
  expect(full.code).toBe(1)
  expect(full.err).toMatch(/is not empty: it holds \/local\/a/)
  expect(await valueIn(store)).toBe('value')
  const engine = await openFileEngine(join(folder, 'used'))
  const used = [
    await ends('restore', '--to', `file:${folder}/used`, file),
    await ends('migrate', '--from', `file:${folder}/used`, '--to', `file:${folder}/to`),
    await ends('migrate', '--from', store, '--to', `file:${folder}/used`),
  ]
  expect(used.map(({ code }) => code)).toEqual([1, 1, 1])
  for (const { err } of used) expect(err).toMatch(/is open in this process/)
  await engine.close()
})

test('a move needs two places, and makes none where it should find one', async () => {
  expect((await ends('restore', file)).code).toBe(64)
  expect((await ends('restore', '--check', '--to', store, file)).code).toBe(64)
  expect((await ends('migrate', '--from', store)).code).toBe(64)
  const absent = await ends(
    'migrate',
    '--from',
    `file:${folder}/absent`,
    '--to',
    `file:${folder}/to`,
  )
  expect(absent.code).toBe(69)
  expect(readdirSync(folder)).toEqual(['store'])
})

test('the help says what is safe, and what each exit code means', async () => {
  for (const command of ['backup', 'restore', 'migrate']) {
    const help = await ends(command, '--help')
    expect(help.code).toBe(0)
    expect(help.out).toMatch(/Exit codes: 1 .*; 65 .*; 69 /)
  }
})
