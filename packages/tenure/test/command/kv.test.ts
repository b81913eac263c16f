/** `tenure kv`, in process. */
import { expect, test } from 'vitest'
import { commandWorld, KINDS } from './world.ts'

/** A field of the `place`-th datum. */
function field(data: readonly unknown[], place: number, name: string): string {
  const datum = data[place]
  if (typeof datum !== 'object' || datum === null) throw new Error(`there is no datum ${place}`)
  return String(Reflect.get(datum, name))
}

test.for(KINDS)('K7: kv put, get, create, cas and delete, %s', async (kind) => {
  await using world = await commandWorld(kind)
  const put = await world.ends(['--json', 'kv', 'put', 'a/1', 'one'])
  expect(put).toMatchObject({ code: 0, err: '' })
  expect(put.json()).toEqual([{ key: 'a/1', version: expect.stringMatching(/^\d+$/) }])
  const version = field(put.json(), 0, 'version')
  expect((await world.ends(['kv', 'get', 'a/1'])).out).toBe('one\n')
  const create = await world.ends(['kv', 'create', 'a/1', 'two'])
  expect(create.code).toBe(1)
  expect(create.err).toContain('"a/1"')
  const stale = await world.ends(['kv', 'cas', 'a/1', 'two', '--if-version', '999999'])
  expect(stale.code).toBe(1)
  const changed = await world.ends(['kv', 'cas', 'a/1', 'two', '--if-version', version])
  expect(changed).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^wrote "a\/1", version \d+\n/),
  })
  const [record] = (await world.ends(['--json', 'kv', 'get', 'a/1'])).json()
  expect(record).toMatchObject({
    key: 'a/1',
    value: 'two',
    createdVersion: version,
    lease: '0',
  })
  expect((await world.ends(['kv', 'delete', 'a/1', '--if-version', version])).code).toBe(1)
  expect((await world.ends(['kv', 'delete', 'a/1'])).out).toBe('deleted "a/1"\n')
  expect((await world.ends(['kv', 'delete', 'a/1'])).code).toBe(1)
  expect((await world.ends(['kv', 'get', 'a/1'])).code).toBe(1)
})

test.for(KINDS)(
  'a value comes from stdin when it is not given, byte for byte, %s',
  async (kind) => {
    await using world = await commandWorld(kind)
    expect((await world.ends(['kv', 'put', 'k'], { stdin: 'from stdin\n' })).code).toBe(0)
    expect((await world.ends(['kv', 'put', 'l', '-'], { stdin: 'too' })).code).toBe(0)
    expect((await world.ends(['kv', 'get', 'k'])).out).toBe('from stdin\n')
    expect((await world.ends(['kv', 'get', 'l'])).out).toBe('too\n')
  },
)

test.for(KINDS)('keys and values that are no text are base64, in and out, %s', async (kind) => {
  await using world = await commandWorld(kind)
  const key = new Uint8Array([0xff, 0x00])
  await world.client.storage(world.path).put({ key, value: new Uint8Array([0xfe]) })
  const words = ['--json', 'kv', 'get', '--base64-keys', '/wA=']
  expect((await world.ends(words)).json()).toMatchObject([
    { keyBase64: '/wA=', valueBase64: '/g==' },
  ])
  expect((await world.ends(['kv', 'range'])).out).toContain('base64:/wA= = base64:/g==')
  const wrong = await world.ends(['kv', 'get', '--base64-keys', 'no base64!'])
  expect(wrong.code).toBe(64)
  expect(wrong.err).toContain('is not base64')
})

test.for(KINDS)('kv range shows bounds with both ends, a prefix, and pages, %s', async (kind) => {
  await using world = await commandWorld(kind)
  for (const key of ['a', 'b/1', 'b/2', 'b/3', 'c']) await world.ends(['kv', 'put', key, key])
  const keys = async (...words: string[]): Promise<unknown[]> => {
    const run = await world.ends(['--json', 'kv', 'range', ...words])
    const data = run.out === '' ? [] : run.json()
    return data.map((_, place) => field(data, place, 'key'))
  }
  expect(await keys()).toEqual(['a', 'b/1', 'b/2', 'b/3', 'c'])
  expect(await keys('b/2')).toEqual(['b/2', 'b/3', 'c'])
  expect(await keys('a', 'b/2')).toEqual(['a', 'b/1', 'b/2'])
  expect(await keys('--prefix', 'b/')).toEqual(['b/1', 'b/2', 'b/3'])
  expect(await keys('--prefix', 'b/', '--limit', '2')).toEqual(['b/1', 'b/2'])
  expect(await keys('--prefix', 'b/', '--limit', '2', '--cursor', 'b/2')).toEqual(['b/3'])
  expect(await keys('x', 'y')).toEqual([])
  expect((await world.ends(['kv', 'range', 'a', '--prefix', 'b'])).code).toBe(64)
  expect((await world.ends(['kv', 'range', '--prefix', 'c'])).out).toMatch(
    /^"c" = "c" {2}version \d+\n$/,
  )
})

test.for(KINDS)(
  'kv watch shows what is there, then every change, and goes on from a version, %s',
  async (kind) => {
    await using world = await commandWorld(kind)
    const storage = world.client.storage(world.path)
    const before = await storage.put({ key: 'k/1', value: 'one' })
    const run = world.start(['--json', 'kv', 'watch', '--prefix', 'k/'])
    await run.lines(1)
    const after = await storage.put({ key: 'k/2', value: 'two' })
    await run.lines(2)
    await storage.delete('k/1')
    await run.lines(3)
    run.send('SIGINT')
    expect(await run.exitCode).toBe(130)
    expect(run.json()).toMatchObject([
      { kind: 'snapshot', records: [{ key: 'k/1', value: 'one', version: `${before}` }] },
      { kind: 'changes', changes: [{ kind: 'put', key: 'k/2', version: `${after}` }] },
      { kind: 'changes', changes: [{ kind: 'deleted', key: 'k/1' }] },
    ])
    const resumed = world.start(['kv', 'watch', '--prefix', 'k/', '--from-version', `${after}`])
    await resumed.lines(1)
    resumed.send('SIGTERM')
    expect(await resumed.exitCode).toBe(143)
    expect(resumed.out).toMatch(/^"k\/1" deleted {2}version \d+\n$/)
  },
)

test.for(KINDS)('a write with a fence is refused when the lock has moved on, %s', async (kind) => {
  await using world = await commandWorld(kind)
  await using session = await world.session()
  const first = await session.mutex('a:b').lock()
  const words = ['kv', 'put', 'k', 'v', '--fence']
  expect((await world.ends([...words, `a:b:${first.token}`])).code).toBe(0)
  await first.release()
  await using _second = await session.mutex('a:b').lock()
  const refused = await world.ends([...words, `a:b:${first.token}`])
  expect(refused.code).toBe(1)
  expect(refused.err).toContain('FENCED')
  expect((await world.ends([...words, 'no token'])).code).toBe(64)
})

test.for(KINDS)(
  'kv lease grant makes a lease, kv put writes under it, kv lease release ends it with its records, %s',
  async (kind) => {
    await using world = await commandWorld(kind)
    const granted = await world.ends(['--json', 'kv', 'lease', 'grant', '--ttl', '1h'])
    expect(granted.json()).toMatchObject([{ ttlMs: 3_600_000 }])
    const id = field(granted.json(), 0, 'id')
    expect((await world.ends(['kv', 'put', 'k', 'v', '--lease', id])).code).toBe(0)
    const [record] = (await world.ends(['--json', 'kv', 'get', 'k'])).json()
    expect(record).toMatchObject({ lease: id })
    const shown = await world.ends(['--json', 'kv', 'lease', 'show', id])
    expect(shown.json()).toMatchObject([{ id, ttlMs: 3_600_000 }])
    expect((await world.ends(['kv', 'lease', 'release', id])).code).toBe(0)
    expect((await world.ends(['kv', 'get', 'k'])).code).toBe(1)
    expect((await world.ends(['kv', 'lease', 'show', id])).code).toBe(1)
    expect((await world.ends(['kv', 'lease', 'show', 'seven'])).code).toBe(64)
  },
)

test.for(KINDS)('kv put --ttl makes a lease for the record, %s', async (kind) => {
  await using world = await commandWorld(kind)
  expect((await world.ends(['kv', 'put', 'k', 'v', '--ttl', '1h'])).code).toBe(0)
  const { lease } = await world.client.storage(world.path).get('k')
  expect((await world.client.storage(world.path).lessor.getLease(lease)).ttlMs).toBe(3_600_000)
  expect((await world.ends(['kv', 'put', 'k', 'v', '--ttl', '1h', '--lease', '1'])).code).toBe(64)
})

test.for(KINDS)(
  'kv lease grant --keep-alive keeps the lease while its command runs, and ends it then, %s',
  async (kind) => {
    await using world = await commandWorld(kind)
    const run = await world.ends([
      'kv',
      'lease',
      'grant',
      '--ttl',
      '2s',
      '--keep-alive',
      '--',
      'sh',
      '-c',
      'exit $((TENURE_LEASE_ID + 40))',
    ])
    expect(run.code).toBeGreaterThan(40)
    const gone = await world.ends(['kv', 'lease', 'show', String(run.code - 40)])
    expect(gone.code).toBe(1)
    expect((await world.ends(['kv', 'lease', 'grant', '--ttl', '2s', '--', 'true'])).code).toBe(64)
  },
)

test.for(KINDS)(
  'kv lease grant --keep-alive without a command keeps the lease until a signal comes, %s',
  async (kind) => {
    await using world = await commandWorld(kind)
    const run = world.start(['--json', 'kv', 'lease', 'grant', '--ttl', '2s', '--keep-alive'])
    await run.lines(1)
    const id = field(run.json(), 0, 'id')
    run.send('SIGTERM')
    expect(await run.exitCode).toBe(143)
    expect((await world.ends(['kv', 'lease', 'show', id])).code).toBe(1)
  },
)

test.for(KINDS)('a command stops when its record lease is lost, with 76, %s', async (kind) => {
  await using world = await commandWorld(kind)
  const storage = world.client.storage(world.path)
  const run = world.start([
    'kv',
    'lease',
    'grant',
    '--ttl',
    '2s',
    '--keep-alive',
    '--grace',
    '50ms',
    '--',
    'sh',
    '-c',
    'sleep 60',
  ])
  // The ids of a fresh node count from one.
  for (;;) {
    try {
      await (await storage.lessor.getLease(1n)).release()
      break
    } catch {
      await new Promise(setImmediate)
    }
  }
  expect(await run.exitCode).toBe(76)
  expect(run.err).toContain('the record lease 1 was lost, the command has been stopped')
})
