/** Rows S3-09 to S3-11: ranges. */
import { type Key, prefix, type Record, type Storage } from 'tenure'
import { expect, test } from 'vitest'
import { fill, keysOf, openWorld, SCHEMES, textOf } from './worlds.ts'

// guards: K2
test.for(SCHEMES)('S3-09: both ends of a range are in it, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  await fill(storage, 'a', 'b', 'b\0', 'c', 'd')
  expect(keysOf(await storage.getRange('b', 'c'))).toEqual(['b', 'b\0', 'c'])
  expect(keysOf(await storage.getRange('b', 'b'))).toEqual(['b'])
})

test.for(SCHEMES)('S3-09: a prefix is a range, too, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const high = new Uint8Array([0xff, 0xff])
  await fill(storage, 'job', 'job/', 'job/1', 'job0', high)
  expect(keysOf(await storage.getRange(prefix('job/')))).toEqual(['job/', 'job/1'])
  expect(await storage.getRange(prefix(''))).toHaveLength(5)
  expect(keysOf(await storage.getRange(prefix(new Uint8Array([0xff]))))).toEqual([high])
})

test.for(SCHEMES)(
  'S3-10: a range without records, or upside down, is empty, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    expect(await storage.getRange('a', 'z')).toEqual([])
    await fill(storage, 'a', 'b')
    expect(await storage.getRange('b', 'a')).toEqual([])
    expect(await storage.getRange('x', 'z')).toEqual([])
    expect(await storage.getRange(prefix('x'))).toEqual([])
  },
)

test.for(SCHEMES)(
  'S3-11: records come in the order of the bytes of their keys, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    // As UTF-16 the emoji comes before U+FF21, as bytes after it.
    const keys = ['b', 'B', '\u{1F600}', '\u{FF21}', 'a', 'é', 'aa', '\u0001']
    await fill(storage, ...keys)
    const sorted = keys.toSorted((one, two) => Buffer.compare(Buffer.from(one), Buffer.from(two)))
    expect(keysOf(await storage.getRange(prefix('')))).toEqual(sorted)
  },
)

/** Reads the whole range by pages of the program's own. */
async function paged(storage: Storage, limit: number): Promise<Key[][]> {
  const pages: Key[][] = []
  let cursor: Key | undefined
  for (;;) {
    const options = cursor === undefined ? { limit } : { limit, cursor }
    const page: Record[] = await storage.getRange('a', 'z', options)
    if (page.length === 0) return pages
    pages.push(keysOf(page))
    cursor = page.at(-1)?.key
  }
}

test.for(SCHEMES)(
  'S3-11: a range is read by pages with a limit and a cursor, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    await fill(storage, 'a', 'b', 'c', 'd', 'e')
    expect(await paged(storage, 2)).toEqual([['a', 'b'], ['c', 'd'], ['e']])
    expect(keysOf(await storage.getRange('a', 'z', { cursor: 'c' }))).toEqual(['d', 'e'])
  },
)

/** Not as many as a read takes pages: those two must not keep in step. */
const DEEDS = 4

function key(at: number): string {
  return `key-${String(at).padStart(5, '0')}`
}

// guards: K2
test.for(SCHEMES)(
  'a range of more records than a page takes is of one moment, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const count = 2_500
    await Promise.all(
      Array.from({ length: count }, (_, at) => storage.create({ key: key(at), value: 'old' })),
    )
    // Each commit makes, replaces or deletes the first and the last of all: a moment shows the same of both.
    const ends = [key(0), key(count - 1)]
    let isOver = false
    const write = async (): Promise<void> => {
      for (let round = 1; !isOver; round += 1) {
        const value = String(round)
        const put = ends.map((end) => ({ kind: 'put', key: end, value }) as const)
        const remove = ends.map((end) => ({ kind: 'delete', key: end }) as const)
        await storage.transact({ then: round % DEEDS === 0 ? remove : put })
      }
    }
    const writing = write()
    for (let reads = 0; reads < 10; reads += 1) {
      const records = await storage.getRange('key-', 'key-99999')
      const shown = ends.map((end) => textOf(records.find(({ key: own }) => own === end) ?? null))
      expect(shown[0]).toBe(shown[1])
      expect(records).toHaveLength(shown[0] === null ? count - 2 : count)
    }
    isOver = true
    await writing
  },
)
