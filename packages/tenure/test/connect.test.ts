/** From an address to a client in this process. */
import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connect } from '../src/connect.ts'

const NODE = { createNode: true } as const

let folder: string

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'tenure-connect-')))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('J6: clients of one name in memory share everything', async () => {
  await using one = connect('memory:shared')
  await using two = connect('memory:shared')
  await using first = await one.openSession('/local/x', NODE)
  await using second = await two.openSession('/local/x')
  await using _lock = await first.mutex('door').lock()
  expect(await second.mutex('door').tryLock()).toBeNull()
})

test('J6: clients of different names in memory share nothing', async () => {
  await using one = connect('memory:')
  await using two = connect('memory:other')
  await one.createNode('/local/x')
  await expect(two.openSession('/local/x')).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('what is in memory is gone with the last client', async () => {
  const one = connect('memory:gone')
  await one.createNode('/local/x')
  await one.close()
  await using two = connect('memory:gone')
  expect(await two.listNodes()).toEqual([])
})

test('a path may be any absolute one', async () => {
  await using client = connect('memory:paths')
  await using session = await client.openSession('/any/where/at/all', NODE)
  await using lock = await session.mutex('door').lock()
  expect(lock.token).toBe(1n)
})

// guards: D1, X2
test('what is in a directory is there again, and tokens go on growing', async () => {
  const address = `file:${folder}/data`
  const one = connect(address)
  const first = await one.openSession('/local/x', NODE)
  await first.config('colours').publish('red')
  const { token } = await first.mutex('door').lock()
  await one.close()
  await using two = connect(address)
  await using second = await two.openSession('/local/x')
  expect(new TextDecoder().decode((await second.config('colours').get()) ?? undefined)).toBe('red')
  await using lock = await second.mutex('door').lock()
  expect(lock.token).toBeGreaterThan(token)
})

test('clients of one directory share it, whatever they call it', async () => {
  await using one = connect(`file:${folder}/data`)
  await one.createNode('/local/x')
  symlinkSync(join(folder, 'data'), join(folder, 'link'))
  await using two = connect(`file:${folder}/link`)
  await using three = connect(`file://${folder}/data`)
  expect(await two.listNodes()).toHaveLength(1)
  expect(await three.listNodes()).toHaveLength(1)
})

test('an address of another form is refused at once', () => {
  expect(() => connect('http://localhost')).toThrow(RangeError)
  expect(() => connect('file:')).toThrow(RangeError)
})
