/**
 * Moves through pipes, through deaths, and from every engine to another.
 *
 * guards: D7, X2, S6, K1, J6
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { connect } from 'tenure'
import { afterAll, expect, test, vi } from 'vitest'
import { BuiltServer, NotServing } from '../built-server.ts'
import { ended, Program, tenure } from '../program.ts'

const run = promisify(execFile)

const COMMAND = 'packages/tenure/dist/main.js'
const PATH = '/local/pairs'

const root = mkdtempSync(join(tmpdir(), 'tenure-moving-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const PATIENCE = { timeout: 30_000, interval: 1 }
const DONE = { code: 0, signal: null }

test('a backup goes through a pipe into a restore', async () => {
  const [from, to] = [join(root, 'piped-from'), join(root, 'piped-to')]
  await ended(tenure('-a', `file:${from}`, '--path', PATH, 'kv', 'put', 'key', 'value'))
  const command = `"${process.execPath}" ${COMMAND}`
  const piped = `${command} backup --from "file:${from}" - | ${command} restore --to "file:${to}" -`
  await run('sh', ['-c', piped], { cwd: join(import.meta.dirname, '../..') })
  const get = await ended(tenure('-a', `file:${to}`, '--path', PATH, 'kv', 'get', 'key'))
  expect(get).toMatchObject({ ...DONE, said: 'value' })
})

test('a restore that is killed anywhere is not served, and is whole when it is done again', async () => {
  const [from, file] = [join(root, 'killed-from'), join(root, 'killed.tenure')]
  await using client = connect(`file:${from}`)
  for (const name of ['a', 'b', 'c']) {
    await client.createNode(`/local/${name}`)
    await client.storage(`/local/${name}`).put({ key: 'key', value: name })
  }
  await client.close()
  expect(await ended(tenure('backup', '--from', `file:${from}`, file))).toMatchObject(DONE)
  for (const place of ['after-sync:2', 'after-append:3', 'after-sync:3', 'after-append:4']) {
    const to = join(root, `killed-at-${place.replace(':', '-')}`)
    const words = ['restore', '--to', `file:${to}`, file]
    const environment = { TENURE_CRASH_AT: place }
    const killed = await ended(new Program(COMMAND, words, { environment }))
    expect(killed.signal).toBe('SIGKILL')
    const serving = BuiltServer.start(to)
    await expect(serving).rejects.toThrow(NotServing)
    await expect(serving).rejects.toThrow(/restore into .* has not come to its end/)
    expect(await ended(tenure(...words))).toMatchObject(DONE)
    await using again = connect(`file:${to}`)
    for (const name of ['a', 'b', 'c']) {
      const { value } = await again.storage(`/local/${name}`).get('key')
      expect(Buffer.from(value).toString()).toBe(name)
    }
  }
})

test('a backup that is killed leaves no file of its name', async () => {
  const [from, file] = [join(root, 'large-from'), join(root, 'large.tenure')]
  await using client = connect(`file:${from}`)
  await client.createNode(PATH)
  const value = new Uint8Array(1_000_000)
  for (let at = 0; at < 40; at += 1) await client.storage(PATH).put({ key: `${at}`, value })
  await client.close()
  const program = tenure('backup', '--from', `file:${from}`, file)
  const isBegun = (): boolean => readdirSync(root).some((name) => name.endsWith('.partial'))
  await vi.waitUntil(isBegun, PATIENCE)
  program.kill('SIGKILL')
  await program.exit
  expect(existsSync(file)).toBe(false)
})
