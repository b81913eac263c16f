/**
 * Writes and leases of a client whose connection breaks again and again.
 *
 * guards: L2
 */
import { once } from 'node:events'
import { type Client, connect, prefix, serve, type Storage } from 'tenure'
import { expect, test } from 'vitest'
import { Proxy } from '../../../../test/proxy.ts'
import { PATH, textOf } from './worlds.ts'

const DROP_EVERY_MS = 30
const DURATION_MS = 600
const WRITERS = 8

interface Shaky extends AsyncDisposable {
  readonly client: Client
  readonly storage: Storage
  readonly proxy: Proxy
  /** Aborts when the breaking is over. */
  readonly over: AbortSignal
}

async function shaky(): Promise<Shaky> {
  const serving = await serve({ listen: '127.0.0.1:0', http: null })
  const proxy = await Proxy.open(Number(serving.listen.split(':').at(-1)))
  const client = connect(`grpc://${proxy.host}/local`, { protocol: 'tenure' })
  await client.createNode(PATH)
  const breaking = setInterval(() => proxy.drop(), DROP_EVERY_MS)
  const over = AbortSignal.timeout(DURATION_MS)
  const stop = (): void => clearInterval(breaking)
  over.addEventListener('abort', stop)
  return {
    client,
    storage: client.storage(PATH),
    proxy,
    over,
    async [Symbol.asyncDispose]() {
      stop()
      await client.close()
      await proxy[Symbol.asyncDispose]()
      await serving.close()
    },
  }
}

/** Each in a loop of its own, until the breaking is over. */
async function repeated(
  over: AbortSignal,
  work: (writer: number, round: number) => Promise<void>,
): Promise<number> {
  let done = 0
  const loop = async (writer: number): Promise<void> => {
    for (let round = 0; !over.aborted; round += 1) {
      await work(writer, round)
      done += 1
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => loop(writer)))
  return done
}

test('a create whose answer was lost is done once: none of them finds itself', async () => {
  await using world = await shaky()
  const { storage, over, proxy } = world
  const versions = new Map<string, bigint>()
  await repeated(over, async (writer, round) => {
    const key = `${writer}/${round}`
    versions.set(key, await storage.create({ key, value: key }))
  })
  const stored = await storage.getRange(prefix(''))
  expect(new Map(stored.map(({ key, version }) => [key, version]))).toEqual(versions)
  expect(proxy.accepted).toBeGreaterThan(3)
})

test('a compare and set whose answer was lost is done once: none of them is refused', async () => {
  await using world = await shaky()
  const { storage, over } = world
  const last = await Promise.all(
    Array.from({ length: WRITERS }, (_, writer) =>
      storage.create({ key: String(writer), value: '0' }),
    ),
  )
  const count = await repeated(over, async (writer, round) => {
    const record = { key: String(writer), value: String(round + 1), version: last[writer] ?? 0n }
    last[writer] = await storage.casByVersion(record)
  })
  const stored = await storage.getRange(prefix(''))
  expect(stored.reduce((sum, record) => sum + Number(textOf(record)), 0)).toBe(count)
  expect(stored.map(({ version }) => version)).toEqual(last)
})

test('a delete whose answer was lost is done once: none of them finds nothing', async () => {
  await using world = await shaky()
  const { storage, over } = world
  const count = await repeated(over, async (writer) => {
    await storage.create({ key: String(writer), value: '1' })
    await storage.delete(String(writer))
  })
  expect(count).toBeGreaterThan(0)
  expect(await storage.getRange(prefix(''))).toEqual([])
})

test('a lease that is kept alive lives as long as its client comes back in time', async () => {
  await using world = await shaky()
  const { storage, over } = world
  await using lease = await storage.lessor.newLease(1_000, { keepAlive: true })
  await storage.create({ key: 'a', value: '1', lease })
  if (!over.aborted) await once(over, 'abort')
  expect(await storage.get('a')).toMatchObject({ lease: lease.id })
  expect(lease.signal.aborted).toBe(false)
})

test('waits wake through any number of reconnects', async () => {
  await using world = await shaky()
  const { storage, over } = world
  let version = await storage.create({ key: 'a', value: '0' })
  while (!over.aborted) {
    const waiting = storage.waitForVersionChange('a', version)
    version = await storage.put({ key: 'a', value: '1' })
    expect(await waiting).toMatchObject({ version })
  }
})
