/** A directory that a server keeps, or a program that lets nobody in: what other programs find there. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@tenure/client'
import { HeldError } from '@tenure/engine'
import { openFileEngine } from '@tenure/engine/file'
import { connect, serve } from 'tenure'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SharedDirectory } from '../../src/shared/shared-directory.ts'
import { holdersOf } from './member.ts'

const ANY = { listen: '127.0.0.1:0', http: null } as const
const NODE = { createNode: true } as const

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenure-beside-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

// guards: X1, X2
test('a program that names the directory of a server is answered by that server', async () => {
  await using serving = await serve({ ...ANY, engine: `file:${folder}`, users: { ann: 'secret' } })
  await using beside = connect(`file:${folder}`)
  await using session = await beside.openSession('/any/where', NODE)
  await using lock = await session.mutex('printer').lock()
  expect(lock.token).toBe(1n)
  expect((await beside.listNodes()).map(({ path }) => path)).toEqual(['/any/where'])
  await beside.createNode('relative')
  expect((await beside.listNodes('/local')).map(({ path }) => path)).toEqual(['/local/relative'])
  await expect(beside.createNode('/')).rejects.toThrow(/root can be no node/)
  expect(serving.durable).toBe(true)
})

test('only the user of the host may use the door, and it is gone with the host', async () => {
  const door = join(folder, 'door.sock')
  const serving = await serve({ ...ANY, engine: `file:${folder}` })
  expect(statSync(door).mode & 0o777).toBe(0o600)
  await serving.close()
  expect(existsSync(door)).toBe(false)
})

// guards: D1, S1
test('when a server ends, the programs at its door go on, and one of them is the host', async () => {
  const serving = await serve({ ...ANY, engine: `file:${folder}` })
  await using client = connect(`file:${folder}`)
  await using session = await client.openSession('/local/x', NODE)
  await using lock = await session.mutex('printer').lock()
  await serving.close()
  await client.storage('/local/x').put({ key: 'a', value: '1' })
  // It is answered when the session is there again.
  await session.semaphore('printer').describe()
  expect(session.state).toBe('attached')
  expect(lock.signal.aborted).toBe(false)
})

test('a server is refused a directory that programs share, and told by whom', async () => {
  await using client = connect(`file:${folder}`)
  await client.createNode('/local/x')
  await expect(serve({ ...ANY, engine: `file:${folder}` })).rejects.toThrow(HeldError)
  await expect(serve({ ...ANY, engine: `file:${folder}` })).rejects.toThrow(`pid ${process.pid}`)
})

test('what lies in the place of the door, and answers nobody, is replaced', async () => {
  writeFileSync(join(folder, 'door.sock'), 'no socket at all')
  await using client = connect(`file:${folder}`)
  await client.createNode('/local/x')
  expect(statSync(join(folder, 'door.sock')).isSocket()).toBe(true)
})

test('a directory lies as deep as it likes', async () => {
  const deep = join(folder, ...Array.from({ length: 12 }, () => 'a-rather-long-name'))
  await using serving = await serve({ ...ANY, engine: `file:${deep}` })
  await using client = connect(`file:${deep}`)
  await client.createNode('/local/x')
  expect(await client.listNodes()).toHaveLength(1)
  expect(serving.durable).toBe(true)
})

test('whoever holds the directory and lets nobody in is named when time is up', async () => {
  const engine = await openFileEngine(folder, { address: 'nowhere' })
  let passedMs = 0
  // Each look at the clock is a second later.
  const clock = { ...systemClock, monotonicMs: () => (passedMs += 1_000) }
  const directory = new SharedDirectory(`file:${folder}`, folder, clock)
  await expect(directory.seat()).rejects.toThrow(/lets no other program in/)
  await expect(directory.seat()).rejects.toThrow(HeldError)
  await engine.close()
  // The next who asks gets it.
  expect(await (await directory.seat()).link.listNodes('/')).toEqual([])
  await directory.close()
  expect(holdersOf(folder)).toEqual([])
  expect(readFileSync(join(folder, 'tenure-store'), 'utf8')).toContain('Tenure store')
})
