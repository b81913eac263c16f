/** Transactions: some records compared, then some read or written, in one commit. */
import { TRANSACTION_MAX_BYTES, VALUE_MAX_BYTES, WrongLeaseError } from 'tenure'
import { expect, test } from 'vitest'
import { failure, fill, keysOf, openWorld, PATH, SCHEMES, textOf } from './worlds.ts'

// guards: K1, K2
test.for(SCHEMES)('all writes of a transaction have one version, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const [version = 0n] = await fill(storage, 'a', 'b')
  const result = await storage.transact({
    if: [
      { key: 'a', version },
      { key: 'c', exists: false },
    ],
    then: [
      { kind: 'put', key: 'a', value: '9' },
      { kind: 'put', key: 'c', value: '9' },
      { kind: 'delete', key: 'b' },
    ],
    else: [{ kind: 'get', key: 'a' }],
  })
  expect(result).toMatchObject({ succeeded: true, records: [] })
  const records = await storage.getRange('a', 'z')
  expect(keysOf(records)).toEqual(['a', 'c'])
  for (const record of records) expect(record.version).toBe(result.version)
})

test.for(SCHEMES)('a transaction whose compare fails does the other list, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  await fill(storage, 'a', 'b')
  const result = await storage.transact({
    if: [
      { key: 'a', value: '1' },
      { key: 'b', value: 'something else' },
    ],
    then: [{ kind: 'delete', key: 'a' }],
    else: [
      { kind: 'get', key: 'b' },
      { kind: 'get', key: 'x' },
    ],
  })
  expect(result.succeeded).toBe(false)
  expect(result.records.map(textOf)).toEqual(['2', null])
  expect(keysOf(await storage.getRange('a', 'z'))).toEqual(['a', 'b'])
})

test.for(SCHEMES)('every comparison compares, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const [, version = 0n] = await fill(storage, 'z', 'a')
  const holds = async (
    ...compares: NonNullable<Parameters<typeof storage.transact>[0]['if']>
  ): Promise<boolean> => (await storage.transact({ if: compares })).succeeded
  expect(await holds()).toBe(true)
  expect(await holds({ key: 'a', version })).toBe(true)
  expect(await holds({ key: 'a', version, is: '!=' })).toBe(false)
  expect(await holds({ key: 'a', version: version + 1n, is: '<' })).toBe(true)
  expect(await holds({ key: 'a', version: version - 1n, is: '<' })).toBe(false)
  expect(await holds({ key: 'a', version: version - 1n, is: '>' })).toBe(true)
  expect(await holds({ key: 'a', version, is: '>' })).toBe(false)
  expect(await holds({ key: 'x', version: 0n })).toBe(true)
  expect(await holds({ key: 'x', version: 1n, is: '<' })).toBe(true)
  expect(await holds({ key: 'a', exists: true })).toBe(true)
  expect(await holds({ key: 'x', exists: true })).toBe(false)
  expect(await holds({ key: 'a', value: '2' })).toBe(true)
  expect(await holds({ key: 'a', value: '3', is: '!=' })).toBe(true)
  expect(await holds({ key: 'x', value: '' })).toBe(false)
  expect(await holds({ key: 'x', value: '', is: '!=' })).toBe(true)
  expect(await holds({ key: 'a', version }, { key: 'x', exists: true })).toBe(false)
})

test.for(SCHEMES)('a transaction that is refused does nothing, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  await fill(storage, 'a')
  const refused = storage.transact({
    then: [
      { kind: 'put', key: 'b', value: '1' },
      { kind: 'put', key: 'c', value: '1', lease: 4_711n },
      { kind: 'delete', key: 'a' },
    ],
  })
  expect(await failure(refused)).toBeInstanceOf(WrongLeaseError)
  expect(keysOf(await storage.getRange('a', 'z'))).toEqual(['a'])
})

// guards: K2
test.for(SCHEMES)(
  'money that is moved by transactions is never lost or made, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const accounts = ['a', 'b', 'c']
    await Promise.all(accounts.map((key) => storage.create({ key, value: '100' })))
    const storages = [storage, world.another().storage(PATH)]
    const move = async (at: number): Promise<void> => {
      const own = storages[at % 2] ?? storage
      const [from = '', to = ''] = [accounts[at % 3], accounts[(at + 1) % 3]]
      for (;;) {
        const { records } = await own.transact({
          then: [
            { kind: 'get', key: from },
            { kind: 'get', key: to },
          ],
        })
        const [one, two] = records
        if (one === null || two === null || one === undefined || two === undefined) {
          throw new Error('an account is gone')
        }
        const moved = await own.transact({
          if: [one, two].map(({ key, version }) => ({ key, version })),
          then: [
            { kind: 'put', key: from, value: String(Number(textOf(one)) - 1) },
            { kind: 'put', key: to, value: String(Number(textOf(two)) + 1) },
          ],
        })
        if (moved.succeeded) return
      }
    }
    let isOver = false
    const audit = async (): Promise<void> => {
      while (!isOver) {
        const records = await storage.getRange('a', 'c')
        expect(records.reduce((sum, record) => sum + Number(textOf(record)), 0)).toBe(300)
      }
    }
    const auditing = audit()
    await Promise.all(Array.from({ length: 15 }, (_, at) => move(at)))
    isOver = true
    await auditing
  },
)

test.for(SCHEMES)(
  'a transaction that does not fit into a message is refused before any is sent, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const value = new Uint8Array(VALUE_MAX_BYTES)
    const puts = ['a', 'b', 'c', 'd'].map((key) => ({ kind: 'put', key, value }) as const)
    const error = await failure(storage.transact({ then: puts.slice(0, 2), else: puts.slice(2) }))
    expect(error).toBeInstanceOf(RangeError)
    expect(await storage.getRange('a', 'z')).toEqual([])

    const rest = value.subarray(0, TRANSACTION_MAX_BYTES - 3 * VALUE_MAX_BYTES - 4)
    const fitting = puts.map((put) => (put.key === 'd' ? { ...put, value: rest } : put))
    expect(await storage.transact({ then: fitting })).toMatchObject({ succeeded: true })
    const [first, ...others] = fitting
    expect(first?.key).toBe('a')
    const compares = [{ key: 'a', value }]
    expect(await storage.transact({ if: compares, then: others })).toMatchObject({
      succeeded: true,
    })
    await expect(storage.transact({ if: compares, then: fitting })).rejects.toThrow(RangeError)
  },
)
