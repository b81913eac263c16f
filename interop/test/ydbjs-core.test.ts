/** YDB's official JavaScript driver, @ydbjs/core, against our server. */
import { anyUnpack } from '@bufbuild/protobuf/wkt'
import { StaticCredentialsProvider } from '@ydbjs/auth/static'
import { CredentialsProvider } from '@ydbjs/auth'
import {
  ConsistencyMode,
  CoordinationServiceDefinition,
  DescribeNodeResultSchema,
} from '@ydbjs/api/coordination'
import { DiscoveryServiceDefinition, WhoAmIResultSchema } from '@ydbjs/api/discovery'
import { StatusIds_StatusCode as Status } from '@ydbjs/api/operation'
import { expect, test } from 'vitest'
import { NODE, eventually, official, officialWithNode, serve, THROUGH_PROXY } from './ground.ts'
import { JsSession } from './js-session.ts'
import { Proxy } from './proxy.ts'

const FOREVER = 2n ** 64n - 1n

async function portOfServer(): Promise<number> {
  return (await serve()).grpcAddress.port
}

test('the official driver with its default settings finds the server and is ready', async () => {
  await expect(official(await portOfServer()).ready()).resolves.toBeUndefined()
})

test('nodes are created, altered, described and dropped through the official driver', async () => {
  const driver = await officialWithNode(await portOfServer())
  const nodes = driver.createClient(CoordinationServiceDefinition)
  const config = { selfCheckPeriodMillis: 2_000, readConsistencyMode: ConsistencyMode.STRICT }
  const altered = await nodes.alterNode({ path: NODE, config })
  expect(altered.operation?.status).toBe(Status.SUCCESS)

  const { operation } = await nodes.describeNode({ path: NODE })
  const described = operation?.result && anyUnpack(operation.result, DescribeNodeResultSchema)
  expect(described?.self?.name).toBe('locks')
  expect(described?.config).toMatchObject(config)

  expect((await nodes.dropNode({ path: NODE })).operation?.status).toBe(Status.SUCCESS)
  const again = await nodes.dropNode({ path: NODE })
  expect(again.operation?.status).toBe(Status.SCHEME_ERROR)
  expect(again.operation?.issues[0]?.message).toContain(NODE)
})

test('WhoAmI names an anonymous client and one that has logged in', async () => {
  const anonymous = official(await portOfServer())
  await anonymous.ready()
  expect(await nameOf(anonymous)).toBe('anonymous')

  const { port } = (await serve({ users: { root: 'secret' } })).grpcAddress
  const driver = official(port, { credentialsProvider: passwordOfRoot(port) })
  await driver.ready()
  expect(await nameOf(driver)).toBe('root')
})

function passwordOfRoot(port: number): StaticCredentialsProvider {
  const credentials = { username: 'root', password: 'secret' }
  return new StaticCredentialsProvider(credentials, `grpc://127.0.0.1:${port}`)
}

test('a driver that has logged in opens sessions with its token', async () => {
  const { port } = (await serve({ users: { root: 'secret' } })).grpcAddress
  const driver = await officialWithNode(port, { credentialsProvider: passwordOfRoot(port) })
  const session = await JsSession.open(driver)
  expect(session.id).toBe(1n)
  await session.close()
})

async function nameOf(driver: ReturnType<typeof official>): Promise<string | undefined> {
  const { operation } = await driver.createClient(DiscoveryServiceDefinition).whoAmI({})
  return operation?.result && anyUnpack(operation.result, WhoAmIResultSchema)?.user
}

test('a driver with a wrong password, or with none, is not let in', async () => {
  const { port } = (await serve({ users: { root: 'secret' } })).grpcAddress
  const endpoint = `grpc://127.0.0.1:${port}`
  const wrong = new StaticCredentialsProvider({ username: 'root', password: 'guess' }, endpoint)
  await expect(wrong.getToken()).rejects.toMatchObject({ code: Status.UNAUTHORIZED })
  await expect(official(port).ready()).rejects.toMatchObject({ code: Status.UNAUTHORIZED })
})

test('a session waits, is granted, watches and ends as the JavaScript client does it', async () => {
  const driver = await officialWithNode(await portOfServer())
  const holder = await JsSession.open(driver)
  const waiter = await JsSession.open(driver)
  const lock = { name: 'lock', count: FOREVER, timeoutMillis: FOREVER, ephemeral: true }
  holder.asks({ case: 'acquireSemaphore', value: { ...lock } })
  expect(await holder.hears('acquireSemaphoreResult')).toMatchObject({ reqId: 1n, acquired: true })

  waiter.asks({ case: 'acquireSemaphore', value: { ...lock, data: new Uint8Array([7]) } })
  expect(await waiter.hears('acquireSemaphorePending')).toMatchObject({ reqId: 1n })
  const watched = { name: 'lock', includeOwners: true, includeWaiters: true, watchOwners: true }
  waiter.asks({ case: 'describeSemaphore', value: watched })
  const before = await waiter.hears('describeSemaphoreResult')
  expect(before.watchAdded).toBe(true)
  expect(before.semaphoreDescription?.owners.map((owner) => owner.sessionId)).toEqual([holder.id])
  expect(before.semaphoreDescription?.waiters.map((each) => each.sessionId)).toEqual([waiter.id])

  await holder.close()
  expect(await waiter.hears('acquireSemaphoreResult')).toMatchObject({ reqId: 1n, acquired: true })
  expect(await waiter.hears('describeSemaphoreChanged')).toMatchObject({ ownersChanged: true })
  expect(holder.wire.transcript.slice(0, 2)).toEqual(['> sessionStart', '< sessionStarted'])
  expect(holder.wire.transcript.at(-1)).toBe('< sessionStopped')
  expect(await holder.wire.ended).toBeNull()
})

test('a session whose stream broke comes back with the same sequence number and all it held', async () => {
  const proxy = await Proxy.open(await portOfServer())
  const driver = await officialWithNode(proxy.port, THROUGH_PROXY)
  const first = await JsSession.open(driver)
  first.asks({ case: 'createSemaphore', value: { name: 'jobs', limit: 1n } })
  await first.hears('createSemaphoreResult')
  first.asks({ case: 'acquireSemaphore', value: { name: 'jobs', count: 1n } })
  await first.hears('acquireSemaphoreResult')
  proxy.drop()
  expect(await first.wire.ended).toBeInstanceOf(Error)

  const second = await JsSession.open(driver, first.id)
  expect(second.id).toBe(first.id)
  second.asks({ case: 'acquireSemaphore', value: { name: 'jobs', count: 1n } })
  expect(await second.hears('acquireSemaphoreResult')).toMatchObject({ acquired: true })
})

/** Counts the calls of a driver by the tokens it asks for. */
class CountingCredentials extends CredentialsProvider {
  asked = 0

  async getToken(): Promise<string> {
    this.asked += 1
    return ''
  }
}

test('a session goes on while the driver asks again where the server is', async () => {
  const credentialsProvider = new CountingCredentials()
  const driver = await officialWithNode(await portOfServer(), {
    credentialsProvider,
    'ydb.sdk.discovery_interval_ms': 1_000,
    'ydb.sdk.discovery_timeout_ms': 1_000,
  })
  const session = await JsSession.open(driver)
  const before = credentialsProvider.asked
  await eventually(() => expect(credentialsProvider.asked).toBeGreaterThan(before))
  session.asks({ case: 'createSemaphore', value: { name: 'jobs', limit: 1n } })
  expect(await session.hears('createSemaphoreResult')).toMatchObject({ status: Status.SUCCESS })
  await session.close()
  // The driver leaves a discovery that its end cuts off as an unhandled rejection. So it ends just after one was answered.
  driver.close()
})

test('frequent HTTP/2 pings without any call are answered and do not cost the connection', async () => {
  const proxy = await Proxy.open(await portOfServer())
  const driver = await officialWithNode(proxy.port, {
    ...THROUGH_PROXY,
    channelOptions: { 'grpc.keepalive_time_ms': 5, 'grpc.keepalive_timeout_ms': 2_000 },
  })
  const { accepted } = proxy
  const before = proxy.clientBytes
  await eventually(() => expect(proxy.clientBytes - before).toBeGreaterThan(20 * PING_FRAME_BYTES))
  const nodes = driver.createClient(CoordinationServiceDefinition)
  expect((await nodes.describeNode({ path: NODE })).operation?.status).toBe(Status.SUCCESS)
  expect(proxy.accepted).toBe(accepted)
})

const PING_FRAME_BYTES = 17
